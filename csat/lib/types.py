"""Types that the standard library has no name for."""

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

# as json.loads returns it and a JSONField keeps it; its values are checked where they are read
JsonObject = dict[str, Any]

# a text, or one that is translated when it is shown
Label: TypeAlias = "str | _StrPromise"
