"""Records an unmodified PyTorch model into a Lacuna workload: lacuna.record(model, images).save("net")."""

from .recording import Recording, record

__all__ = ["Recording", "record"]
