"""Morphisms keep the function, whatever the model; where they cannot, they say so."""

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from keras import layers

from coursekit import data
from coursekit.training.keras.morphisms import branch, deepen, skip, widen
from tests.training.keras.random_models import answers, chain, dense_parts, image_parts, shake

random_models = settings(
    max_examples=settings().max_examples * 15 // 100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
    phases=[Phase.generate],  # shrinking builds hundreds of models
)
chains = st.one_of(
    st.tuples(dense_parts(), st.just((5,))), st.tuples(image_parts(), st.just((6, 5, 2)))
)
close = {"rtol": 0, "atol": 1e-5}


def model_of(parts, shape, functional, seed):
    return shake(chain(parts, shape, functional=functional), seed)


@random_models
@given(chains, st.booleans(), st.integers(0, 99), st.data())
def test_widening_keeps_the_function(drawn, functional, seed, chosen):
    parts, shape = drawn
    model = model_of(parts, shape, functional, seed)
    before = answers(model, shape)
    wide = [layer for layer in model.layers if hasattr(layer, "kernel")][:-1]
    layer = chosen.draw(st.sampled_from(wide), label="layer")
    units = layer.kernel.shape[-1] + chosen.draw(st.integers(0, 9), label="more")
    grown = widen(model, layer.name, units, rng=np.random.default_rng(seed))
    np.testing.assert_allclose(answers(grown, shape), before, **close)
    assert grown.get_layer(layer.name).kernel.shape[-1] == units
    assert isinstance(grown, keras.Sequential) is not functional
    np.testing.assert_array_equal(answers(model, shape), before)  # the old one is as it was


@random_models
@given(chains, st.booleans(), st.integers(0, 99), st.data())
def test_deepening_keeps_the_function(drawn, functional, seed, chosen):
    parts, shape = drawn
    model = model_of(parts, shape, functional, seed)
    names = [x.name for x in model.layers[:-1] if not isinstance(x, layers.InputLayer)]
    after = chosen.draw(st.sampled_from(names), label="after")
    activation = chosen.draw(st.sampled_from(["relu", "tanh", "linear"]), label="activation")
    normalise = chosen.draw(st.booleans(), label="normalise")
    grown = deepen(model, after, activation=activation, blend=True, normalise=normalise)
    np.testing.assert_allclose(answers(grown, shape), answers(model, shape), **close)
    assert grown.count_params() > model.count_params()


@random_models
@given(chains, st.booleans(), st.integers(0, 99), st.data())
def test_one_morphism_after_another(drawn, functional, seed, chosen):
    parts, shape = drawn
    model = model_of(parts, shape, functional, seed)
    before, rng, start = answers(model, shape), np.random.default_rng(seed), model
    for _ in range(3):
        kinds = [layer for layer in model.layers if hasattr(layer, "kernel")][:-1]
        layer = chosen.draw(st.sampled_from(kinds), label="layer").name
        step = chosen.draw(st.sampled_from(["widen", "deepen", "branch"]), label="step")
        try:
            if step == "widen":
                units = model.get_layer(layer).kernel.shape[-1] + 2
                model = widen(model, layer, units, rng=rng)
            elif step == "deepen":
                model = deepen(model, layer, blend=True)
            else:
                model = branch(model, layer)
        except ValueError as error:  # a blend meets a layer that is not wider
            assert "merges it with a layer that is not wider" in str(error)
    np.testing.assert_allclose(answers(model, shape), before, **close)
    assert start is not model or start.count_params() == model.count_params()


def branching():
    """Two paths that are concatenated, one of them a residual block."""
    given = keras.Input((6, 6, 2))
    left = layers.Conv2D(3, 3, padding="same", activation="relu", name="left")(given)
    first = layers.Conv2D(4, 3, padding="same", name="first")(given)
    x = layers.ReLU(name="rectified")(layers.BatchNormalization(name="normal")(first))
    x = layers.Conv2D(4, 1, name="second")(x)
    right = layers.Add(name="sum")([first, x])
    both = layers.Concatenate(name="both")([left, right])
    x = layers.Flatten(name="flat")(layers.MaxPooling2D(name="pool")(both))
    return shake(keras.Model(given, layers.Dense(2, name="answer")(x)), 3)


def test_paths_that_meet():
    model = branching()
    before = answers(model, (6, 6, 2))
    grown = widen(model, "left", 7, rng=np.random.default_rng(1))
    np.testing.assert_allclose(answers(grown, (6, 6, 2)), before, **close)
    assert grown.get_layer("both").output.shape[-1] == 11
    with pytest.raises(ValueError, match=r"layer 'sum' merges it with a layer that is not wider"):
        widen(model, "second", 6)
    with pytest.raises(ValueError, match=r"layer 'sum'.*widen another layer"):
        widen(model, "first", 6)
    grown = skip(model, "first", "second")
    np.testing.assert_array_equal(answers(grown, (6, 6, 2)), before)
    with pytest.raises(ValueError, match=r"'first' comes before 'second'"):
        skip(model, "second", "first")
    with pytest.raises(ValueError, match=r"\(6, 6, 4\), 'left' with \(6, 6, 3\).*equal shape"):
        skip(model, "left", "second")
    with pytest.raises(ValueError, match=r"both 'left'"):
        skip(model, "left", "left")


def test_a_branch_is_another_layer_beside_it():
    model = branching()
    before = answers(model, (6, 6, 2))
    grown = branch(model, "left", layers.Conv2D(3, 5, padding="same", name="larger"))
    np.testing.assert_array_equal(answers(grown, (6, 6, 2)), before)
    assert {"larger", "left_branch_blend"} <= {layer.name for layer in grown.layers}
    with pytest.raises(ValueError, match=r"the branch with \(6, 6, 5\).*give a layer of equal"):
        branch(model, "left", layers.Conv2D(5, 1))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: widen(m, "answer", 9), "its units are the model's output"),
        (lambda m: widen(m, "normal", 9), "layer 'normal' has no units to widen.*Dense or Conv"),
        (lambda m: widen(m, "hidden", 3), "new=3: the layer already has 4 units"),
        (lambda m: widen(m, "nothing", 9), "no layer 'nothing' in model .* it has 'hidden'"),
        (lambda m: widen(m, "logits", 9), "layer 'probabilities' is a softmax"),
        (lambda m: deepen(m, "hidden"), "'hidden' has outputs that relu would change.*blend=True"),
        (lambda m: deepen(m, "rectified", activation="tanh"), "outputs that tanh would change"),
        (lambda m: deepen(m, "folded", activation="linear"), None),
    ],
)
def test_what_cannot_be_kept_is_refused_by_name(change, message):
    given = keras.Input((5,))
    x = layers.Dense(4, name="hidden")(given)
    x = layers.ReLU(name="rectified")(layers.BatchNormalization(name="normal")(x))
    x = layers.Softmax(name="probabilities")(layers.Dense(3, name="logits")(x))
    x = layers.Reshape((3, 1), name="folded")(x)
    x = layers.Dense(1, name="answer")(layers.Flatten(name="flat")(x))
    model = keras.Model(given, x)
    if message is None:
        change(model)
        return
    with pytest.raises(ValueError, match=message):
        change(model)


def test_layers_that_are_not_followed_and_layers_used_twice():
    given = keras.Input((4,))
    shared = layers.Dense(4, "relu", name="shared")
    x = layers.Dense(4, name="first")(given)
    x = layers.LayerNormalization(name="standard")(shared(shared(x)))
    model = keras.Model(given, layers.Dense(1, name="answer")(x))
    with pytest.raises(ValueError, match="layer 'shared' is used in two places"):
        widen(model, "first", 5)
    with pytest.raises(ValueError, match="layer 'shared' is used in two places"):
        widen(model, "shared", 5)
    other = keras.Model(given, layers.Dense(1)(layers.LayerNormalization(name="norm")(
        layers.Dense(3, name="in")(given))))  # fmt: skip
    with pytest.raises(ValueError, match="layer 'norm' is a LayerNormalization"):
        widen(other, "in", 5)


def test_models_without_a_graph():
    class Hidden(keras.Model):
        def call(self, x):
            return x

    with pytest.raises(TypeError, match="Hidden, whose graph is hidden in its code"):
        widen(Hidden(), "dense", 4)
    with pytest.raises(ValueError, match=r"no weights yet: start it with keras\.Input"):
        widen(keras.Sequential([layers.Dense(3, name="dense")]), "dense", 4)
    with pytest.raises(TypeError, match="not a Keras model"):
        widen("model", "dense", 4)


def test_batch_normalisation_from_data_is_the_identity_in_training_too():
    digits = data.load("digits", size=400)
    model = keras.Sequential([keras.Input((8, 8)), layers.Flatten()])
    model.add(layers.Dense(12, "relu", name="hidden"))
    model.add(layers.Dense(10, name="answer"))
    model = widen(model, "hidden", 16)
    x = digits.train.x
    assert len(x) > 200
    plain = np.asarray(model(x, training=True))
    informed = deepen(model, "hidden", normalise=True, data=x)
    blind = deepen(model, "hidden", normalise=True)
    for grown in (informed, blind):
        np.testing.assert_allclose(np.asarray(grown(x, training=False)), plain, **close)
    off = {
        name: np.abs(np.asarray(grown(x, training=True)) - plain).max()
        for name, grown in (("informed", informed), ("blind", blind))
    }
    assert off["informed"] < 1e-3 < 0.1 < off["blind"]


def test_noise_parts_the_copies_and_without_it_they_stay_together():
    digits = data.load("digits", size=300)
    given = keras.Input((8, 8))
    x = layers.Dense(4, "tanh", name="hidden")(layers.Flatten()(given))
    model = keras.Model(given, layers.Dense(10, "softmax", name="answer")(x))
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    apart = {}
    for noise in (0.0, 0.1):
        grown = widen(model, "hidden", 8, rng=np.random.default_rng(2), noise=noise)
        origin = np.random.default_rng(2).integers(4, size=4)
        assert grown.compiled and grown.optimizer is not model.optimizer
        grown.fit(digits.train.x, digits.train.y, epochs=3, verbose=0)
        kernel = np.asarray(grown.get_layer("hidden").kernel)
        apart[noise] = np.abs(kernel[:, 4:] - kernel[:, origin]).max()
    assert apart[0.0] < 1e-4 and apart[0.1] > 0.01


@pytest.mark.slow(8)
def test_training_goes_on_from_there(tmp_path):
    digits = data.load("digits")
    parts = [("flatten", None), ("dense", (8, "relu"))]
    model = chain(parts, (8, 8), functional=False, classes=10)
    model.compile(
        keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    model.fit(*digits.train, epochs=3, batch_size=64, verbose=0)
    loss, accuracy = model.evaluate(*digits.validation, verbose=0)
    grown = widen(model, "dense_1", 32, noise=0.01)
    grown = deepen(grown, "dense_1")
    grown = skip(grown, "dense_1", "dense_1_deeper_activation")
    after, same = grown.evaluate(*digits.validation, verbose=0)
    assert (after, same) == pytest.approx((loss, accuracy), abs=0.02)
    grown.fit(*digits.train, epochs=3, batch_size=64, verbose=0)
    better, _ = grown.evaluate(*digits.validation, verbose=0)
    assert better < loss
    grown.save(tmp_path / "grown.keras")  # the learnt mixture is known to Keras
    again = keras.saving.load_model(tmp_path / "grown.keras")
    np.testing.assert_allclose(
        again.predict(digits.test.x[:9], verbose=0), grown.predict(digits.test.x[:9], verbose=0)
    )
