// How a page of the server takes session and token out of the fragment and hands them to its widget.
import { direction } from "./messages/index.js";
import { ticket } from "./protocol.js";

/**
 * Hands a widget its ticket, and every further one; title and language of the page are those of the widget.
 * @param {HTMLElement & {ticket: {session: string, token: string} | null}} widget
 * @param {string} event what the widget says its state with
 * @param {readonly string[]} last the states in which the tab has no more use for the token
 */
export function hand(widget, event, last) {
  // The token leaves the address bar and the history at once. It stays with this tab until one of the last states, so that a page which is loaded anew can go on.
  const take = () => {
    const given = ticket(location.hash);
    if (given) history.replaceState({ countenance: given }, "", location.pathname);
    return given;
  };
  widget.ticket = take() ?? history.state?.countenance ?? null;

  widget.addEventListener(event, ({ detail }) => {
    document.title = detail.title;
    document.documentElement.lang = detail.language;
    document.documentElement.dir = direction(detail.language);
    if (last.includes(detail.state)) history.replaceState(null, "");
  });

  // Another link opened in the same tab changes only the fragment.
  addEventListener("hashchange", () => {
    const next = take();
    if (next) widget.ticket = next;
  });
}
