"""PyTorch: one process, as many threads as it has cores; batches are taken from one tensor."""

import os

import torch

import recipe


def network(inputs, hidden):
    layers = []
    for units in hidden:
        layers += [torch.nn.Linear(inputs, units), torch.nn.Sigmoid()]
        inputs = units
    model = torch.nn.Sequential(*layers, torch.nn.Linear(inputs, recipe.CLASSES))
    for layer in model[::2]:
        torch.nn.init.xavier_uniform_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    return model


def main():
    arguments = recipe.options()
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    torch.manual_seed(1)
    images, labels, test_images, test_labels = map(torch.from_numpy, recipe.load(arguments.data))
    labels = labels.long()
    model = network(images.shape[1], arguments.hidden)
    optimizer = torch.optim.SGD(model.parameters(), lr=recipe.RATE)
    loss_of = torch.nn.CrossEntropyLoss()

    def one_epoch(_):
        for rows in torch.randperm(len(images)).split(arguments.batch_size):
            optimizer.zero_grad(set_to_none=True)
            loss_of(model(images[rows]), labels[rows]).backward()
            optimizer.step()

    seconds = recipe.time_epochs(arguments.epochs, one_epoch)
    with torch.inference_mode():
        accuracy = (model(test_images).argmax(dim=1) == test_labels).float().mean()
    recipe.report(seconds, accuracy, {"torch": torch.__version__})


if __name__ == "__main__":
    main()
