import keras

from coursekit import data
from coursekit.tuners import TPE  # where keras_tuner.RandomSearch stood


def build(hp):
    hidden = keras.layers.Dense(hp.Int("units", 16, 256), hp.Choice("activation", ["relu", "tanh"]))
    model = keras.Sequential([keras.layers.Flatten(), hidden, keras.layers.Dense(10, "softmax")])
    optimizer = keras.optimizers.Adam(hp.Float("learning_rate", 1e-4, 1e-1, sampling="log"))
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


images = data.load("mnist-5k")
tuner = TPE(build, objective="val_accuracy", max_trials=16, seed=0)
tuner.search(*images.train, validation_data=images.validation, epochs=2)
tuner.results_summary(num_trials=3)
