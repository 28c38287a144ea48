"""The engine `fashn`: FASHN VTON v1.5, a 971.8 M pixel-space diffusion transformer, in our own implementation.

`network` is the model, `weights` reads the published file, `pipeline` samples, `pose` and `images` draw what the model
sees, `engine` puts it behind the seam of `weaver.pipelines.contract`. torch is imported by the first three and by
`engine` only; `pose` and `images` are numpy and Pillow.
"""
