"""Wake a worker once the transaction has committed. The rows carry the state; a lost task costs a minute."""

from django.db import transaction


def enqueue(function: str, pk: int | None = None, *, cluster: str, timeout: int | None = None) -> None:
    """Ask the queue to call the function at dotted path `function`, with one id or nothing, after commit.

    The cluster is always named: without a name a task would go to the cluster that asks.
    """
    transaction.on_commit(lambda: _put(function, pk, cluster, timeout))


def _put(function: str, pk: int | None, cluster: str, timeout: int | None) -> None:
    from django_q.tasks import async_task

    # keyword names are django-q2's own: only positional arguments and q_options pass
    args = () if pk is None else (pk,)
    async_task(function, *args, q_options={"cluster": cluster} | ({"timeout": timeout} if timeout else {}))
