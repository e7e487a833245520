"""A shop with one lamp: makes a payment, has it approved with a smile, checks the result, delivers once.

python examples/merchant/shop.py --key-file vault.admin-key
"""

from __future__ import annotations

import argparse
import hmac
import html
import secrets
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, unquote, urlsplit

from countenance import Countenance, CountenanceError, ResultChecker, ResultInvalid, models, transaction_sha256

PRICE, CURRENCY, PAYEE = 1250, "EUR", "Lamps & Sons"


@dataclass
class Order:
    """What the shop knows of a sale. A real one keeps it in its database."""

    number: str
    payment: str
    transaction: str
    """What a result has to be about: made of this order, before anybody is asked."""
    session: str = ""
    nonce: str = ""
    link: str = ""
    ended: str = ""
    """What came of it, once that is known."""
    delivered: bool = False


class Shop:
    def __init__(self, client: Countenance, capture: str, address: str, payer: str, policy: models.PaymentPolicy) -> None:
        self.client, self.capture, self.address, self.payer = client, capture, address, payer
        self.policy = policy
        self.results = ResultChecker(client.jwks, audience=address)
        self.orders: dict[str, Order] = {}
        self.one_at_a_time = threading.Lock()

    def sell(self) -> Order:
        number = f"lamp-{secrets.token_hex(4)}"
        made = self.client.make_payment(
            self.payer, amount=PRICE, currency=CURRENCY, payee=PAYEE, order=number, policy=self.policy
        )
        order = Order(number, made.id, transaction_sha256(made, subject=self.payer))
        self.ask(order)
        self.orders[number] = order
        return order

    def ask(self, order: Order) -> None:
        """Opens a session for the payment of an order: the first, or one after pictures that were too poor."""
        nonce = secrets.token_urlsafe(16)
        opened = self.client.open_payment_session(
            order.payment,
            subject=self.payer,
            audience=self.address,
            nonce=nonce,
            way_out=f"{self.address}/pay-at-the-till",
        )
        order.session, order.nonce = opened.id, nonce
        order.link = f"{self.capture}/capture#{opened.id}.{opened.token}"

    def look(self, order: Order) -> str:
        """Where an order stands; delivers it when it is paid, once."""
        with self.one_at_a_time:
            if order.ended:
                return order.ended
            session = self.client.show_session(order.session)
            if session.result is None:
                return self.look_at_payment(order, session.state)
            try:
                result = self.results.check(session.result, nonce=order.nonce, kind="payment")
            except ResultInvalid as error:
                order.ended = f"Not paid: the result does not hold ({error.fault})."
                return order.ended
            # Whatever its outcome, a result about something else is not for this order.
            same = hmac.compare_digest(result.transaction_sha256 or "", order.transaction)
            # Nor is one by fewer factors than were asked for.
            same = same and result.policy.endswith(f";{self.policy}")
            if same and result.outcome == "recapture":
                # The payment is as open as before.
                self.ask(order)
                return "Not paid yet: the pictures were too poor. Try again."
            order.delivered = same and result.outcome == "accept"
            if order.delivered:
                order.ended = f"Paid ({result.policy}). The lamp is on its way."
            else:
                order.ended = f"Not paid: {result.outcome if same else 'it is about another payment'}."
            return order.ended

    def look_at_payment(self, order: Order, session: str) -> str:
        """Where the payment stands whose session has no result: it is not made yet, or nobody took it while the session lasted."""
        if session not in ("expired", "canceled", "fetched"):
            return f"Not paid: the check is {session}."
        payment = self.client.show_payment(order.payment)
        same = hmac.compare_digest(transaction_sha256(payment, subject=self.payer), order.transaction)
        if not same or payment.policy != self.policy:
            order.ended = "Not paid: it is about another payment."
        elif payment.state == "authorized":
            # The server says so to the key of this shop. A signed result, which says it to anybody, is taken while its session lasts.
            order.delivered = True
            order.ended = "Paid. The lamp is on its way."
        elif payment.state in ("created", "shown"):
            self.ask(order)
            return f"Not paid yet: the check is {session}. Here is another."
        elif payment.state != "answering":
            order.ended = f"Not paid: the payment is {payment.state}."
        return order.ended or "Not known yet: look again."


class Pages(BaseHTTPRequestHandler):
    shop: Shop

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/":
            return self.page("A lamp", "<p>12.50 EUR</p><form method=post action=/buy><button>Pay with a smile</button></form>")
        if path == "/pay-at-the-till":
            return self.page("Pay at the till", "<p>Cash and cards are as welcome as ever.</p>")
        order = self.shop.orders.get(unquote(path.removeprefix("/orders/")))
        if order is None:
            return self.page("Nothing here", "", 404)
        try:
            told = self.shop.look(order)
        except CountenanceError as error:
            told = f"Not known yet: {error}"
        again = "" if order.ended else f'<p><a href="{html.escape(order.link)}" target=_blank rel=noopener>Approve it</a></p>'
        self.page(f"Order {order.number}", f"<p>{html.escape(told)}</p>{again}<p><a href=''>Look again</a></p>")

    def do_POST(self) -> None:
        # Another page must not buy in the name of whoever looks at it.
        origin = self.headers.get("Origin")
        if self.path != "/buy" or origin != self.shop.address:
            return self.page("Nothing here", "", 404)
        try:
            order = self.shop.sell()
        except CountenanceError as error:
            return self.page("Out of order", f"<p>{html.escape(str(error))}</p>", 502)
        self.send_response(303)
        self.send_header("Location", f"/orders/{quote(order.number)}")
        self.end_headers()

    def page(self, title: str, body: str, status: int = 200) -> None:
        text = f"<!doctype html><html lang=en><meta charset=utf-8><title>{html.escape(title)}</title><h1>{html.escape(title)}</h1>{body}"
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Addresses name orders: nothing is logged."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://localhost:7300", help="the server, as browsers reach it, too")
    parser.add_argument("--key-file", required=True, help="a key with the scopes pay and sessions")
    parser.add_argument("--payer", default="ana")
    parser.add_argument("--device-key", action="store_true", help="ask for a passkey of the payer beside their face")
    parser.add_argument("--port", type=int, default=8080)
    given = parser.parse_args()
    with Countenance(given.url, key_file=given.key_file) as client:
        server = ThreadingHTTPServer(("127.0.0.1", given.port), Pages)
        address = f"http://localhost:{server.server_address[1]}"
        policy: models.PaymentPolicy = "device-key" if given.device_key else "single-factor"
        Pages.shop = Shop(client, given.url, address, given.payer, policy)
        print(f"open {address}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
