/* The running mirror as one hook: camera, pose worker, governor and follower, alive as long as the page shows them. */
import { type RefObject, useCallback, useEffect, useRef, useState } from "react";
import { PoseEngine, type Poses } from "../../pose/engine.ts";
import { type PoseState, SETTLED, settle, stateOf } from "../../pose/quality.ts";
import { type CameraState, openCamera } from "./camera.ts";
import { Follower } from "./follower.ts";
import { Governor } from "./governor.ts";
import { isSoftware } from "./graphics.ts";
import type { Cloth } from "./texture.ts";

export interface Running {
  camera: CameraState;
  /** Whether the pose model is loaded, or why it never will be. */
  model: "loading" | "ready" | "failed";
  pose: PoseState;
  aspect: number;
  sharpness: number;
}

/** States in which a garment belongs on the person. From behind the mesh turns its back, which is not drawn. */
const SHOWS: ReadonlySet<PoseState> = new Set<PoseState>(["ok", "two_people", "from_behind"]);

export function useMirror(video: RefObject<HTMLVideoElement | null>, cloth: Cloth | null, attempt: number) {
  const [follower] = useState(() => new Follower());
  const [governor] = useState(() => new Governor({ deviceRatio: devicePixelRatio, software: isSoftware() }));
  const [running, setRunning] = useState<Running>({
    camera: "asking", model: "loading", pose: "no_person", aspect: 4 / 3, sharpness: governor.sharpness,
  });
  const engine = useRef<PoseEngine | null>(null);
  const worn = useRef<Cloth | null>(null);

  useEffect(() => {
    worn.current = cloth;
    follower.wear(cloth?.anatomy ?? null);
  }, [follower, cloth]);

  useEffect(() => {
    const element = video.current;
    if (!element || attempt === 0) return;
    const change = (more: Partial<Running>) => setRunning((before) => ({ ...before, ...more }));
    let settled = SETTLED;
    const onPoses = ({ poses, count, takenMs, tookMs }: Poses) => {
      governor.pose(tookMs);
      const aspect = element.videoWidth / element.videoHeight || 1;
      const seen = stateOf(poses, count, aspect, { legs: worn.current?.anatomy.category === "lower" });
      const after = settle(settled, seen, takenMs);
      if (after.state !== settled.state) change({ pose: after.state });
      settled = after;
      follower.see(poses, takenMs, SHOWS.has(seen));
    };
    const poses = new PoseEngine({
      onPoses,
      onReady: () => change({ model: "ready" }),
      onFailed: () => change({ model: "failed" }),
    });
    engine.current = poses;
    const onSize = () => element.videoWidth && change({ aspect: element.videoWidth / element.videoHeight });
    element.addEventListener("resize", onSize);
    const release = openCamera(element, (camera) => change({ camera }));
    return () => {
      release();
      poses.stop();
      engine.current = null;
      element.removeEventListener("resize", onSize);
    };
  }, [video, attempt, follower, governor]);

  const onFrame = useCallback(
    (nowMs: number, elapsedMs: number) => {
      if (governor.frame(elapsedMs)) setRunning((before) => ({ ...before, sharpness: governor.sharpness }));
      if (video.current) engine.current?.offer(video.current, nowMs, governor.poseIntervalMs);
    },
    [governor, video],
  );
  return { running, follower, onFrame };
}
