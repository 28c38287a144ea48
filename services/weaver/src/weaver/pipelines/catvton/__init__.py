"""CatVTON: diffusion try-on with one UNet and one VAE, own code on diffusers' modules.

`weights.load` builds the `pipeline.CatVtonPipeline` from the published files; `engine.load_engine` puts it behind the
engine seam. Importing this package imports no torch; its modules do.
"""
