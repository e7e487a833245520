"""The two clients."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from ._methods import AsyncMethods, Methods
from .models import SubjectListEntry


class Countenance(Methods):
    """Asks a Countenance server, and waits for each answer. Threads may share one."""

    def iter_subjects(self, *, collection: str | None = None) -> Iterator[SubjectListEntry]:
        """Everybody in a collection, page after page."""
        after = None
        while True:
            page = self.list_subjects(collection=collection, after=after)
            yield from page.subjects
            if (after := page.next) is None:
                return


class AsyncCountenance(AsyncMethods):
    """The same, awaited; under asyncio or trio."""

    async def iter_subjects(self, *, collection: str | None = None) -> AsyncIterator[SubjectListEntry]:
        """Everybody in a collection, page after page."""
        after = None
        while True:
            page = await self.list_subjects(collection=collection, after=after)
            for subject in page.subjects:
                yield subject
            if (after := page.next) is None:
                return
