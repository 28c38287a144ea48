/* The transparent canvas above the video: React Three Fiber's loop around the scene. */
import { Canvas, useFrame, useThree } from "@react-three/fiber";
import { type RefObject, useEffect, useImperativeHandle, useMemo } from "react";
import { OrthographicCamera } from "three";
import type { Follower } from "./follower.ts";
import { Scene } from "./scene.ts";
import type { Cloth } from "./texture.ts";

/** How the page takes a picture of the canvas: it is drawn anew, and valid until the end of the task. */
export interface Drawing {
  canvas(): HTMLCanvasElement;
}

interface Shown {
  follower: Follower;
  cloth: Cloth | null;
  aspect: number;
  /** Called before each frame is drawn. */
  onFrame: (nowMs: number, elapsedMs: number) => void;
  drawing: RefObject<Drawing | null>;
}

export function Overlay({ sharpness, ...shown }: Shown & { sharpness: number }) {
  const { aspect } = shown;
  // Scene coordinates: x from 0 to the aspect, y from 0 to 1, upward.
  const camera = useMemo(() => Object.assign(new OrthographicCamera(0, aspect, 1, 0, -1, 1), { manual: true }), [aspect]);
  return (
    <Canvas
      key={aspect}
      className="mirror-canvas"
      aria-hidden="true"
      dpr={sharpness}
      linear
      flat
      camera={camera}
      gl={{ antialias: false, alpha: true, depth: false, stencil: false, powerPreference: "low-power" }}
      style={{ pointerEvents: "none" }}
    >
      <Worn {...shown} />
    </Canvas>
  );
}

function Worn({ follower, cloth, aspect, onFrame, drawing }: Shown) {
  const scene = useMemo(() => new Scene(follower), [follower]);
  const { gl, scene: root, camera } = useThree();
  useEffect(() => scene.wear(cloth), [scene, cloth]);
  useEffect(() => () => scene.dispose(), [scene]);
  useFrame((_, elapsed) => {
    const now = performance.now();
    onFrame(now, elapsed * 1000);
    follower.draw(now, elapsed * 1000, aspect);
    scene.update();
  });
  useImperativeHandle(
    drawing,
    () => ({
      canvas() {
        gl.render(root, camera);
        return gl.domElement;
      },
    }),
    [gl, root, camera],
  );
  return <primitive object={scene.group} />;
}
