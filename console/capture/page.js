// The page of the server: a session is answered on it.
import "./capture.js";
import { hand } from "./hand.js";

// However it ends, there is nothing more to go on with.
hand(document.querySelector("countenance-capture"), "capturestate", ["judged", "canceled", "expired", "declined"]);
