// A browser for tests. The camera is a drawing: this page judges nothing, so nobody's picture is needed to test it.
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:net";

const PLACES = [process.env.COUNTENANCE_CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Where a Chromium is, or undefined. */
export const chromium = PLACES.find((place) => place && existsSync(place));

export async function launch() {
  const { chromium: driver } = await import("playwright-core");
  return driver.launch({
    executablePath: chromium,
    args: [
      "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** Runs in the page before anything of it: a camera that draws, and a list of what a policy refused. */
export function instead() {
  globalThis.cameras = [];
  globalThis.violations = [];
  document.addEventListener("securitypolicyviolation", (event) => globalThis.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
  navigator.mediaDevices.getUserMedia = async (asked) => {
    globalThis.cameras.push(asked);
    if (globalThis.holdCamera) await new Promise(() => {});
    if (globalThis.refuseCamera) throw new DOMException("no", globalThis.refuseCamera);
    const canvas = document.createElement("canvas");
    const upright = innerWidth < innerHeight;
    canvas.width = upright ? 720 : 1280;
    canvas.height = upright ? 1280 : 720;
    const draw = canvas.getContext("2d");
    let at = 0;
    const paint = () => {
      at += 1;
      const { width, height } = canvas;
      const shade = draw.createLinearGradient(0, 0, width, height);
      shade.addColorStop(0, "#7d8b8f");
      shade.addColorStop(1, "#4d585c");
      draw.fillStyle = shade;
      draw.fillRect(0, 0, width, height);
      const oval = (color, x, y, rx, ry) => {
        draw.fillStyle = color;
        draw.beginPath();
        draw.ellipse(width / 2 + x, height / 2 + y, rx, ry, 0, 0, 7);
        draw.fill();
      };
      const sway = 6 * Math.sin(at / 20);
      oval("#33454d", 0, 420, 290, 240);
      oval("#b98a6a", 0, 190, 70, 120);
      oval("#3b2a22", sway, -55, 172, 215);
      oval("#d3a17e", sway, 0, 150, 200);
      oval("#2a211d", sway - 55, -30, 15, 11);
      oval("#2a211d", sway + 55, -30, 15, 11);
      oval("#b98363", sway, 25, 16, 28);
      oval("#a2564c", sway, 95, 48, 11);
    };
    paint();
    setInterval(paint, 33);
    globalThis.media = canvas.captureStream(30);
    return globalThis.media;
  };
}

/** Waits until something is so. */
export async function until(what, named = what.toString()) {
  const end = Date.now() + 20000;
  while (Date.now() < end) {
    const found = await what();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  throw new Error(`did not come: ${named}`);
}

/** A port that nobody listens on: pages that ask for passkeys are known by it before the server starts. */
export async function freePort() {
  const listening = createServer().listen(0, "127.0.0.1");
  await once(listening, "listening");
  const { port } = listening.address();
  listening.close();
  await once(listening, "close");
  return port;
}
