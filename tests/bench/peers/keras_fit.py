"""Keras: Model.fit on NumPy arrays. KERAS_BACKEND (jax or tensorflow) chooses what is below."""

import importlib
import time

import keras

import recipe


class Clock(keras.callbacks.Callback):
    """Seconds of each epoch of fit(), by Keras's own begin and end."""

    def __init__(self):
        super().__init__()
        self.seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        self.began = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self.began)


def main():
    arguments = recipe.options()
    keras.utils.set_random_seed(1)
    images, labels, test_images, test_labels = recipe.load(arguments.data)
    model = keras.Sequential(
        [
            keras.layers.Input((images.shape[1],)),
            keras.layers.Dense(recipe.HIDDEN, activation="sigmoid"),
            keras.layers.Dense(recipe.CLASSES, activation="softmax"),
        ]
    )
    # Compiled, and 67 of the 469 steps between two looks at what has come out: faster than the defaults.
    model.compile(
        keras.optimizers.SGD(recipe.RATE),
        "sparse_categorical_crossentropy",
        jit_compile=True,
        steps_per_execution=67,
    )
    clock = Clock()
    model.fit(images, labels, recipe.BATCH, arguments.epochs, verbose=0, callbacks=[clock])
    accuracy = (model.predict(test_images, verbose=0).argmax(axis=1) == test_labels).mean()
    below = importlib.import_module(keras.backend.backend())
    versions = {"keras": keras.__version__, below.__name__: below.__version__}
    recipe.report(clock.seconds, accuracy, versions)


if __name__ == "__main__":
    main()
