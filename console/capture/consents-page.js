// The page of the server for one's own consents.
import "./consents.js";
import { hand } from "./hand.js";

// A link is used up once the list was shown.
hand(document.querySelector("countenance-consents"), "consentstate", ["list", "over"]);
