"""The two clients."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from ._methods import AsyncMethods, Methods
from .models import LogEntry, MemberEntry, PaymentAnswer, SubjectListEntry


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

    def iter_payments(self, subject: str, *, collection: str | None = None) -> Iterator[PaymentAnswer]:
        """The payments that a subject was asked to approve and that are kept, page after page."""
        after = None
        while True:
            page = self.list_payments(subject, collection=collection, after=after)
            yield from page.payments
            if (after := page.next) is None:
                return

    def iter_members(self, collection: str) -> Iterator[MemberEntry]:
        """Everybody who can be identified in a collection, page after page."""
        after = None
        while True:
            page = self.list_members(collection, after=after)
            yield from page.members
            if (after := page.next) is None:
                return

    def iter_audit_entries(self, *, from_: int = 0) -> Iterator[LogEntry]:
        """The log from a leaf on, page after page."""
        at: int | None = from_
        while at is not None:
            page = self.audit_entries(from_=at, limit=1000)
            yield from page.entries
            at = page.next


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

    async def iter_payments(self, subject: str, *, collection: str | None = None) -> AsyncIterator[PaymentAnswer]:
        """The payments that a subject was asked to approve and that are kept, page after page."""
        after = None
        while True:
            page = await self.list_payments(subject, collection=collection, after=after)
            for payment in page.payments:
                yield payment
            if (after := page.next) is None:
                return

    async def iter_members(self, collection: str) -> AsyncIterator[MemberEntry]:
        """Everybody who can be identified in a collection, page after page."""
        after = None
        while True:
            page = await self.list_members(collection, after=after)
            for member in page.members:
                yield member
            if (after := page.next) is None:
                return

    async def iter_audit_entries(self, *, from_: int = 0) -> AsyncIterator[LogEntry]:
        """The log from a leaf on, page after page."""
        at: int | None = from_
        while at is not None:
            page = await self.audit_entries(from_=at, limit=1000)
            for entry in page.entries:
                yield entry
            at = page.next
