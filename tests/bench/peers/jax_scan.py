"""JAX: one jitted function an epoch, lax.scan over its steps, everything on the device."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

import recipe


def probabilities_in_logs(parameters, x):
    w1, b1, w2, b2 = parameters
    return jax.nn.log_softmax(jax.nn.sigmoid(x @ w1 + b1) @ w2 + b2)


def loss(parameters, x, labels):
    chosen = jnp.take_along_axis(probabilities_in_logs(parameters, x), labels[:, None], axis=1)
    return -chosen.mean()


def step(parameters, batch):
    gradients = jax.grad(loss)(parameters, *batch)
    return jax.tree.map(lambda p, g: p - recipe.RATE * g, parameters, gradients), None


@functools.partial(jax.jit, donate_argnums=0)
def epoch(parameters, key, images, labels):
    """Whole batches in a scan over their rows' numbers, then the short last one."""
    order = jax.random.permutation(key, len(images))
    whole = len(images) // recipe.BATCH * recipe.BATCH

    def step_on(parameters, rows):
        return step(parameters, (images[rows], labels[rows]))

    parameters, _ = jax.lax.scan(step_on, parameters, order[:whole].reshape(-1, recipe.BATCH))
    if whole < len(images):
        parameters, _ = step_on(parameters, order[whole:])
    return parameters


def main():
    arguments = recipe.options()
    images, labels, test_images, test_labels = map(jnp.asarray, recipe.load(arguments.data))
    rng = np.random.default_rng(1)
    parameters = [
        jnp.asarray(recipe.glorot(rng, images.shape[1], recipe.HIDDEN)),
        jnp.zeros(recipe.HIDDEN),
        jnp.asarray(recipe.glorot(rng, recipe.HIDDEN, recipe.CLASSES)),
        jnp.zeros(recipe.CLASSES),
    ]
    keys = jax.random.split(jax.random.key(1), arguments.epochs)

    def one_epoch(e):
        nonlocal parameters
        parameters = jax.block_until_ready(epoch(parameters, keys[e], images, labels))

    seconds = recipe.time_epochs(arguments.epochs, one_epoch)
    predicted = probabilities_in_logs(parameters, test_images).argmax(axis=1)
    recipe.report(seconds, (predicted == test_labels).mean(), {"jax": jax.__version__})


if __name__ == "__main__":
    main()
