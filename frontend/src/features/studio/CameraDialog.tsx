/* One photo from the camera. The picture stays on this device until it is taken; closing the dialog ends the camera. */
import { useEffect, useRef, useState } from "react";
import { Dialog } from "../../components/Dialog.tsx";
import { Icon } from "../../components/Icon.tsx";
import { useStrings } from "../../strings/index.ts";

type State = "asking" | "running" | "denied" | "missing" | "insecure";

export function CameraDialog(of: { facing: "user" | "environment"; onPicture: (picture: Blob) => void; onClose: () => void }) {
  const { studio } = useStrings();
  const video = useRef<HTMLVideoElement>(null);
  const [state, setState] = useState<State>("asking");
  const [facing, setFacing] = useState(of.facing);

  useEffect(() => {
    let stream: MediaStream | null = null;
    let over = false;
    const start = async () => {
      if (!navigator.mediaDevices) {
        setState(isSecureContext ? "missing" : "insecure");
        return;
      }
      try {
        stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: facing, width: { ideal: 1920 } }, audio: false });
        if (over || !video.current) {
          stopTracks(stream);
          return;
        }
        video.current.srcObject = stream;
        await video.current.play();
        setState("running");
      } catch (error) {
        if (!over) setState(error instanceof DOMException && error.name === "NotAllowedError" ? "denied" : "missing");
      }
    };
    void start();
    return () => {
      over = true;
      stopTracks(stream);
    };
  }, [facing]);

  const take = () => {
    const from = video.current;
    if (!from?.videoWidth) return;
    const canvas = document.createElement("canvas");
    canvas.width = from.videoWidth;
    canvas.height = from.videoHeight;
    canvas.getContext("2d")?.drawImage(from, 0, 0);
    canvas.toBlob((blob) => blob && of.onPicture(blob), "image/jpeg", 0.95);
  };
  const sentences = { asking: studio.cameraAsk, running: "", denied: studio.cameraDenied, missing: studio.cameraMissing, insecure: studio.cameraInsecure };
  return (
    <Dialog title={studio.cameraTitle} onClose={of.onClose} wide>
      <div className={`camera ${facing}`}>
        <video ref={video} muted playsInline hidden={state !== "running"} />
        {state !== "running" && (
          <p role="status">
            <Icon name="camera" />
            {sentences[state]}
          </p>
        )}
      </div>
      <footer className="row">
        <button type="button" className="button" disabled={state !== "running"} onClick={() => setFacing(facing === "user" ? "environment" : "user")}>
          <Icon name="replace" />
          {studio.cameraTurn}
        </button>
        <button type="button" className="button primary" disabled={state !== "running"} onClick={take}>
          <Icon name="camera" />
          {studio.cameraTake}
        </button>
      </footer>
    </Dialog>
  );
}

function stopTracks(stream: MediaStream | null): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
