// The camera: asked for only when somebody has agreed, given back as soon as nothing more is needed.
import { Trouble } from "./connection.js";
import { fit } from "./protocol.js";

/** What each refusal of a browser means to a person. */
export function cameraTrouble(error) {
  switch (error?.name) {
    case "NotAllowedError":
    case "SecurityError":
      return "camera_denied";
    case "NotFoundError":
    case "OverconstrainedError":
      return "camera_none";
    case "NotReadableError":
    case "AbortError":
      return "camera_in_use";
    default:
      return "camera_unsupported";
  }
}

/** One open camera and the element that shows it. */
export class Camera {
  /** @type {HTMLVideoElement} */
  video;
  /** Called when the camera is taken away. */
  lost = () => {};
  #media;
  #canvas = document.createElement("canvas");
  #rules;
  #quality = 0.85;
  #waiting = null;

  /** Asks for the camera. */
  static async open(rules, mediaDevices = navigator.mediaDevices) {
    if (!mediaDevices?.getUserMedia) throw new Trouble("camera_unsupported");
    let media;
    try {
      media = await mediaDevices.getUserMedia({
        audio: false,
        video: {
          facingMode: "user",
          width: { ideal: rules.width },
          height: { ideal: rules.height },
          frameRate: { ideal: 30 },
        },
      });
    } catch (error) {
      throw new Trouble(cameraTrouble(error), error);
    }
    return new Camera(media, rules);
  }

  constructor(media, rules) {
    this.#media = media;
    this.#rules = rules;
    this.video = document.createElement("video");
    this.video.muted = true;
    this.video.playsInline = true;
    this.video.setAttribute("aria-hidden", "true");
    // Some browsers play only what is on the page: whoever asked for the camera puts it there. One that shows nothing is noticed.
    this.video.autoplay = true;
    this.video.srcObject = media;
    this.video.play().catch(() => {});
    for (const track of media.getTracks()) track.addEventListener("ended", () => this.lost());
  }

  /** Calls back once for every new picture of the camera, with the time it was taken, until the camera is closed. */
  watch(taken) {
    const video = this.video;
    if (video.requestVideoFrameCallback) {
      const next = (now, { captureTime }) => {
        if (this.#media === null) return;
        const near = captureTime !== undefined && captureTime <= now && now - captureTime < 500;
        taken(near ? captureTime : now);
        this.#waiting = video.requestVideoFrameCallback(next);
      };
      this.#waiting = video.requestVideoFrameCallback(next);
      return;
    }
    // Older browsers: a picture is new when the time of the video has gone on.
    let shown = -1;
    const next = (now) => {
      if (this.#media === null) return;
      if (video.currentTime !== shown) {
        shown = video.currentTime;
        taken(now);
      }
      requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  }

  /** What the camera sees at this moment, as JPEG, not mirrored; null when it shows nothing or fits into no message. */
  async picture() {
    const { videoWidth, videoHeight } = this.video;
    if (this.#media === null || videoWidth === 0) return null;
    const { width, height } = fit(videoWidth, videoHeight, this.#rules);
    const canvas = this.#canvas;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    canvas.getContext("2d").drawImage(this.video, 0, 0, width, height);
    // What is drawn stays while it is packed smaller: only one picture is made at a time.
    for (let tries = 0; tries < 4; tries += 1) {
      const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", this.#quality));
      if (blob === null) return null;
      if (blob.size <= this.#rules.max_bytes) return new Uint8Array(await blob.arrayBuffer());
      this.#quality = Math.max(0.4, this.#quality - 0.15);
    }
    return null;
  }

  /** Gives the camera back. */
  close() {
    if (this.#media === null) return;
    for (const track of this.#media.getTracks()) track.stop();
    this.#media = null;
    if (this.#waiting !== null) this.video.cancelVideoFrameCallback?.(this.#waiting);
    this.video.srcObject = null;
    this.video.remove();
    // The last picture is not left lying in memory that is drawn to.
    this.#canvas.width = 0;
  }
}
