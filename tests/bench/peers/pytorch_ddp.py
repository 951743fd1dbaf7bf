"""PyTorch's DistributedDataParallel over gloo; started by torch.distributed.run, one thread a process."""

import os

import torch
import torch.distributed

import recipe
from pytorch import network


def main():
    arguments = recipe.options()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    torch.distributed.init_process_group("gloo")
    ranks, rank = torch.distributed.get_world_size(), torch.distributed.get_rank()
    images, labels, test_images, test_labels = map(torch.from_numpy, recipe.load(arguments.data))
    labels = labels.long()
    model = torch.nn.parallel.DistributedDataParallel(
        network(images.shape[1], arguments.hidden), gradient_as_bucket_view=True, static_graph=True
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=recipe.RATE)
    loss_of = torch.nn.CrossEntropyLoss()

    def one_epoch(_):
        # The same order on all ranks: they have drawn the same random numbers so far.
        for batch in torch.randperm(len(images)).split(recipe.BATCH):
            rows = batch.tensor_split(ranks)[rank]
            optimizer.zero_grad(set_to_none=True)
            loss_of(model(images[rows]), labels[rows]).backward()
            optimizer.step()

    seconds = recipe.time_epochs(arguments.epochs, one_epoch)
    if rank == 0:
        with torch.inference_mode():
            accuracy = (model.module(test_images).argmax(dim=1) == test_labels).float().mean()
        recipe.report(seconds, accuracy, {"torch": torch.__version__})
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main()
