"""mpi4py and NumPy by hand: each rank's gradient in one array, summed by one Allreduce a step."""

import mpi4py
import numpy as np
import threadpoolctl
from mpi4py import MPI

import recipe


class Network:
    """Parameters and gradients, each one array with a view for every layer, and room for a batch."""

    def __init__(self, inputs):
        rng = np.random.default_rng(1)
        shapes = [(inputs, recipe.HIDDEN), recipe.HIDDEN, (recipe.HIDDEN, recipe.CLASSES), recipe.CLASSES]
        ends = np.cumsum([np.prod(shape) for shape in shapes])
        self.parameters = np.zeros(ends[-1], np.float32)
        self.gradient = np.zeros(ends[-1], np.float32)
        self.w1, self.b1, self.w2, self.b2 = self.views(self.parameters, shapes, ends)
        self.dw1, self.db1, self.dw2, self.db2 = self.views(self.gradient, shapes, ends)
        self.w1[:] = recipe.glorot(rng, *self.w1.shape)
        self.w2[:] = recipe.glorot(rng, *self.w2.shape)
        self.hidden = np.empty((recipe.BATCH, recipe.HIDDEN), np.float32)
        self.slope = np.empty_like(self.hidden)

    @staticmethod
    def views(array, shapes, ends):
        return [part.reshape(shape) for part, shape in zip(np.split(array, ends[:-1]), shapes)]

    def hidden_of(self, x, out=None):
        h = np.dot(x, self.w1, out=out)
        h += self.b1
        np.negative(h, out=h)
        np.exp(h, out=h)
        h += 1
        return np.reciprocal(h, out=h)

    def add_gradient(self, x, labels, samples):
        """The gradient of this rank's rows of a batch of that many samples."""
        h, slope = self.hidden_of(x, self.hidden[: len(x)]), self.slope[: len(x)]
        z = np.dot(h, self.w2)
        z += self.b2
        z -= z.max(axis=1, keepdims=True)
        np.exp(z, out=z)
        z /= z.sum(axis=1, keepdims=True)
        z[np.arange(len(labels)), labels] -= 1
        z *= np.float32(1 / samples)
        np.dot(h.T, z, out=self.dw2)
        z.sum(axis=0, out=self.db2)
        np.subtract(1, h, out=slope)
        slope *= h
        slope *= z @ self.w2.T
        np.dot(x.T, slope, out=self.dw1)
        slope.sum(axis=0, out=self.db1)


def main():
    arguments = recipe.options()
    ranks, rank = MPI.COMM_WORLD.size, MPI.COMM_WORLD.rank
    images, labels, test_images, test_labels = recipe.load(arguments.data)
    network = Network(images.shape[1])

    def one_epoch(e):
        order = np.random.default_rng(e).permutation(len(images))
        for first in range(0, len(order), recipe.BATCH):
            batch = order[first : first + recipe.BATCH]
            rows = np.array_split(batch, ranks)[rank]
            network.add_gradient(images[rows], labels[rows], len(batch))
            MPI.COMM_WORLD.Allreduce(MPI.IN_PLACE, network.gradient)
            network.gradient *= np.float32(recipe.RATE)
            network.parameters -= network.gradient

    seconds = recipe.time_epochs(arguments.epochs, one_epoch)
    if rank == 0:
        predicted = (network.hidden_of(test_images) @ network.w2 + network.b2).argmax(axis=1)
        blas = ", ".join(library["architecture"] for library in threadpoolctl.threadpool_info())
        versions = {"mpi4py": mpi4py.__version__, "numpy": f"{np.__version__}, OpenBLAS for {blas}"}
        recipe.report(seconds, (predicted == test_labels).mean(), versions)


if __name__ == "__main__":
    main()
