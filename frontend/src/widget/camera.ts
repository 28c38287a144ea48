/* The camera of a machine without a camera app. Its picture stays on the device until it is taken. */

export interface Camera {
  video: HTMLVideoElement;
  /** Return the picture of this moment, as others see the shopper: not mirrored. */
  take: () => Promise<Blob | null>;
  stop: () => void;
}

/** Whether the browser may show a camera's picture here. Phones and tablets take photos with their own app. */
export function hasCamera(): boolean {
  return Boolean(navigator.mediaDevices) && !matchMedia("(pointer: coarse)").matches;
}

/** Start the camera into a video element. @throws {DOMException} There is none, or it is not allowed. */
export async function startCamera(video: HTMLVideoElement): Promise<Camera> {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "user", width: { ideal: 1920 } }, audio: false });
  const stop = () => stream.getTracks().forEach((track) => track.stop());
  try {
    video.srcObject = stream;
    await video.play();
  } catch (error) {
    stop();
    throw error;
  }
  const take = () => {
    const canvas = document.createElement("canvas");
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    canvas.getContext("2d")?.drawImage(video, 0, 0);
    return new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.95));
  };
  return { video, take, stop };
}
