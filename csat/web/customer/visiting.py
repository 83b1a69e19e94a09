"""A customer at one survey, on its page or its card: the language, the address, the rating so far, and where a post leads."""

from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from csat.surveys import answering, speaking
from csat.surveys.models import Answer, CsatSettings, Survey
from csat.timeline.kinds import ActorKind
from csat.timeline.recording import Actor
from csat.web.customer.rating_form import Submission


@dataclass
class Visit:
    """One request at one survey."""

    request: HttpRequest
    token: str
    survey: Survey
    rules: CsatSettings

    @cached_property
    def language(self) -> str:
        return speaking.choose([self.request.GET.get("lang", "")], self.rules, fallback=self.survey.language)

    @property
    def by(self) -> Actor:
        """The customer."""
        contact = self.survey.session.contact
        return Actor(ActorKind.CONTACT, str(contact.uuid), contact.name)

    @property
    def here(self) -> str:
        """This page's address, with the language when the customer chose another."""
        return self.address()

    def address(self, **query: object) -> str:
        if "lang" in self.request.GET:
            query = {"lang": self.language, **query}
        return self.request.path + (f"?{urlencode(query)}" if query else "")

    @cached_property
    def answer(self) -> Answer | None:
        """The rating that stands."""
        return Answer.objects.filter(standing__survey=self.survey).first()

    def commented(self, said: Submission) -> Answer | None:
        """The rating that the second step speaks of."""
        return self.survey.answers.filter(uuid=said.answer, state=Answer.State.ACCEPTED).first() if said.answer else None


def finish(answer: Answer, said: Submission) -> None:
    """The second step of a low score: a comment, or none. The rating itself is saved already."""
    if said.comment or said.about:
        answering.add_comment(answer, comment=said.comment, about=said.about)
    answering.finish(answer)


def see(address: str) -> HttpResponse:
    """After a post: 303, so that going back or loading again posts nothing."""
    response = HttpResponseRedirect(address)
    response.status_code = 303
    return response
