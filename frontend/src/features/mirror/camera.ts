/* The camera: asked for once, released when the page goes, and why there is none in one word. */

export type CameraState = "asking" | "live" | "none" | "denied" | "busy" | "insecure" | "ended";

/** Return why the browser gave no camera. */
export function cameraStateOf(error: unknown): CameraState {
  const name = error instanceof Error || error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "denied";
  if (name === "NotReadableError" || name === "AbortError") return "busy";
  return "none"; // NotFoundError, OverconstrainedError, and names to come.
}

/**
 * Open the camera into a video element.
 *
 * @returns What releases it again; call it in any case, a camera that comes later is then released at once.
 */
export function openCamera(video: HTMLVideoElement, onState: (state: CameraState) => void): () => void {
  let stream: MediaStream | null = null;
  let closed = false;
  const release = () => {
    closed = true;
    for (const track of stream?.getTracks() ?? []) track.stop();
    video.srcObject = null;
  };
  const open = async () => {
    if (!navigator.mediaDevices) return onState("insecure"); // Browsers offer it over HTTPS and on localhost alone.
    onState("asking");
    try {
      const wanted = { width: { ideal: 1280 }, height: { ideal: 720 }, facingMode: "user", frameRate: { ideal: 30 } };
      const given = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
      stream = given;
      if (closed) return release();
      for (const track of given.getVideoTracks()) track.addEventListener("ended", () => !closed && onState("ended"));
      video.srcObject = given;
      await video.play();
      if (!closed) onState("live");
    } catch (error) {
      if (!closed) onState(cameraStateOf(error));
    }
  };
  void open();
  return release;
}
