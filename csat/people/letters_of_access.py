"""Mails kept by the sandbox whose link lets somebody in: an invitation, a new password, a new address."""

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.db.models.functions import Lower

from csat.channels import notices
from csat.channels.outbox import SandboxMessage
from csat.people import roles


def readable(messages: QuerySet[SandboxMessage], *, by: User) -> QuerySet[SandboxMessage]:
    """Without those whose link would give this person a login that they may not change: admins read them all,
    except that only superusers read a superuser's.
    """
    if by.is_superuser and by.is_active:
        return messages
    let_in = SandboxMessage.objects.filter(reference__startswith=notices.LETS_IN)
    if roles.role_of(by) == roles.ADMIN:
        superusers = User.objects.filter(is_superuser=True).annotate(mail=Lower("email"))
        let_in = let_in.annotate(mail=Lower("to")).filter(mail__in=superusers.values("mail"))
    return messages.exclude(pk__in=let_in.order_by().values("pk"))
