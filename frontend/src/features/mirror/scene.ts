/* What the graphics card draws: the garment's mesh, and the capsules that erase it where the person is before it. No React. */
import {
  AddEquation,
  BufferAttribute,
  BufferGeometry,
  CanvasTexture,
  CustomBlending,
  DynamicDrawUsage,
  FrontSide,
  Group,
  LinearFilter,
  LinearMipmapLinearFilter,
  Mesh,
  MeshBasicMaterial,
  NoColorSpace,
  OneFactor,
  OneMinusSrcAlphaFactor,
  PlaneGeometry,
  ShaderMaterial,
  ZeroFactor,
} from "three";
import { SLEEVE_COLUMNS } from "./anatomy.ts";
import type { Follower } from "./follower.ts";
import { SIDE, triangles } from "./mesh.ts";
import { occluderTriangles } from "./occlusion.ts";
import type { Cloth } from "./texture.ts";

const ERASE = {
  vertexShader: `attribute float strength; varying float erased;
    void main() { erased = strength; gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0); }`,
  fragmentShader: "varying float erased; void main() { gl_FragColor = vec4(0.0, 0.0, 0.0, erased); }",
};
const PAINTED = { transparent: true, depthTest: false, depthWrite: false, blending: CustomBlending, blendEquation: AddEquation };

export class Scene {
  readonly group = new Group();
  private readonly garment: Mesh<PlaneGeometry, MeshBasicMaterial>;
  private readonly occluders: Mesh<BufferGeometry, ShaderMaterial>;
  private readonly follower: Follower;

  constructor(follower: Follower) {
    this.follower = follower;
    const plane = new PlaneGeometry(1, 1, SIDE - 1, SIDE - 1);
    plane.setAttribute("position", changing(follower.positions, 3));
    plane.deleteAttribute("normal");
    plane.setIndex(new BufferAttribute(triangles(SLEEVE_COLUMNS, SIDE - 1 - SLEEVE_COLUMNS), 1));
    // The texture's colours are multiplied by alpha already: no dark rim. Seen from behind, a person shows no print.
    const cloth = new MeshBasicMaterial({
      ...PAINTED, side: FrontSide, toneMapped: false, blendSrc: OneFactor, blendDst: OneMinusSrcAlphaFactor,
    });
    this.garment = new Mesh(plane, cloth);

    const outlines = new BufferGeometry();
    outlines.setAttribute("position", changing(follower.occluders, 3));
    outlines.setAttribute("strength", changing(follower.strengths, 1));
    outlines.setIndex(new BufferAttribute(occluderTriangles(), 1));
    const eraser = new ShaderMaterial({ ...PAINTED, ...ERASE, blendSrc: ZeroFactor, blendDst: OneMinusSrcAlphaFactor });
    this.occluders = new Mesh(outlines, eraser);
    this.occluders.renderOrder = 1;
    for (const mesh of [this.garment, this.occluders]) {
      mesh.frustumCulled = false;
      mesh.visible = false;
      this.group.add(mesh);
    }
  }

  /** Put a garment on; null takes it off. */
  wear(cloth: Cloth | null): void {
    const { geometry, material } = this.garment;
    material.map?.dispose();
    material.map = cloth && textureOf(cloth);
    material.needsUpdate = true;
    this.garment.visible = this.occluders.visible = cloth !== null;
    if (!cloth) return;
    const uv = geometry.getAttribute("uv") as BufferAttribute;
    const { columns, rows } = cloth.anatomy;
    for (let i = 0; i < SIDE * SIDE; i++) uv.setXY(i, columns[i % SIDE] as number, rows[Math.floor(i / SIDE)] as number);
    uv.needsUpdate = true;
  }

  /** Take over what the follower wrote. */
  update(): void {
    this.garment.geometry.getAttribute("position").needsUpdate = true;
    this.occluders.geometry.getAttribute("position").needsUpdate = true;
    this.occluders.geometry.getAttribute("strength").needsUpdate = true;
    this.garment.material.opacity = this.follower.opacity;
    this.garment.material.color.setScalar(this.follower.opacity);
  }

  dispose(): void {
    this.wear(null);
    for (const { geometry, material } of [this.garment, this.occluders]) {
      geometry.dispose();
      material.dispose();
    }
  }
}

function changing(numbers: Float32Array, each: number): BufferAttribute {
  return new BufferAttribute(numbers, each).setUsage(DynamicDrawUsage);
}

function textureOf({ canvas }: Cloth): CanvasTexture {
  const texture = new CanvasTexture(canvas);
  texture.colorSpace = NoColorSpace;
  texture.flipY = false;
  texture.premultiplyAlpha = true;
  texture.minFilter = LinearMipmapLinearFilter;
  texture.magFilter = LinearFilter;
  return texture;
}
