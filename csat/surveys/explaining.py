"""Why was or wasn't this customer asked? The kept gates, in the reader's words."""

from csat.surveys.gates import Gate
from csat.surveys.models import Survey


def explain(survey: Survey) -> list[Gate]:
    """Every gate as it was judged; `gate.text` speaks the reader's language."""
    return [Gate(gate["name"], gate["passed"], gate["value"]) for gate in survey.gates]


def decisive(survey: Survey) -> Gate | None:
    """The gate that closed it, None when it was not skipped."""
    return next((gate for gate in explain(survey) if gate.name == survey.skipped_by), None)
