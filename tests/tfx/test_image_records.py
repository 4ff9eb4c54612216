"""TFRecords of images: what the look accepts, the components read; all else names its place."""

import bz2
import gzip
import io
import re
import zlib

import numpy as np
import pytest

pytest.importorskip("tfx")

from apache_beam.io import tfrecordio
from apache_beam.io.filesystems import FileSystems
from PIL import Image

from coursekit.data import Split
from coursekit.tfx.examples import SPLITS, Examples, example, look, png, prepare, write_images
from coursekit.tfx.modules import images
from coursekit.tfx.quiet import tf

GREY = np.random.default_rng(0).random((30, 20))
COLOURS = Image.fromarray(np.uint8(255 * np.random.default_rng(1).random((4, 5, 3))))
JPEG = tf.io.encode_jpeg(np.uint8(255 * GREY)[..., None]).numpy()


def saved(kind, mode="RGB", **options):
    """The coloured image in that format and colour mode, encoded by Pillow."""
    file = io.BytesIO()
    COLOURS.convert(mode).save(file, kind, **options)
    return file.getvalue()


def sixteen_bits():
    file = io.BytesIO()
    Image.fromarray(np.asarray(COLOURS.convert("L")).astype(np.uint16) * 257).save(file, "PNG")
    return file.getvalue()


def features(**each):
    """A serialized example: lists of bytes, of whole numbers and of floats."""
    made = tf.train.Example()
    for name, values in each.items():
        feature = made.features.feature[name]
        kinds = {bytes: feature.bytes_list, int: feature.int64_list, float: feature.float_list}
        kinds[type(values[0])].value.extend(values) if values else feature.int64_list.SetInParent()
    return made.SerializeToString()


def write(path, records, compression=""):
    with tf.io.TFRecordWriter(str(path), compression) as writer:
        for record in records:
            writer.write(record)


def component(file):
    """The examples that ImportExampleGen reads from a file, by Beam's own reader."""
    found = []
    with FileSystems.open(str(file)) as opened:
        while (record := tfrecordio._TFRecordUtil.read_record(opened)) is not None:
            found.append(tf.train.Example.FromString(record).features.feature)
    return found


def transformed(file, found):
    """The grey levels, 0 to 255, and the classes that Transform makes of a file."""
    each = component(file)
    raw = {
        "image": tf.constant([feature["image"].bytes_list.value for feature in each]),
        "label": tf.constant([feature["label"].int64_list.value for feature in each], tf.int64),
    }
    settings = {"shape": list(found.shape), "labels": found.labels}
    outputs = images.preprocessing_fn(raw, settings)
    return 255 * outputs[images.IMAGE_XF].numpy(), outputs[images.LABEL_XF].numpy().tolist()


# The image, and how far from Pillow's grey levels it may be: weights and rounding differ, and for
# JPEG the inverse transform, of which TensorFlow takes the fast one.
ACCEPTED = {
    "PNG, grey": (saved("PNG", "L"), 0),
    "PNG, black and white": (saved("PNG", "1"), None),
    "PNG, grey and transparency": (saved("PNG", "LA"), 0),
    "PNG, RGB": (saved("PNG"), 2),
    "PNG, RGBA": (saved("PNG", "RGBA"), 2),
    "PNG, a palette": (saved("PNG", "P"), None),
    "PNG, 16 bits": (sixteen_bits(), 1),
    "PNG, animated": (saved("PNG", save_all=True, append_images=[COLOURS.rotate(90)]), 2),
    "JPEG, grey": (saved("JPEG", "L", quality=100), 12),
    "JPEG, RGB": (saved("JPEG", quality=100), 12),
    "JPEG, progressive": (saved("JPEG", progressive=True, quality=100), 12),
}
CURE = "encode it again, as grey or RGB, or leave the record out"
NO_IMAGES = {
    "JPEG, CMYK": (saved("JPEG", "CMYK"), r"PNG or JPEG \(a JPEG in CMYK, or a damaged one\): "),
    "BMP": (saved("BMP"), r"PNG or JPEG \(a BMP\): "),
    "BMP, grey": (saved("BMP", "L"), r"\(a BMP\): "),
    "GIF": (saved("GIF", "P"), r"\(a GIF\): "),
    "GIF, animated": (
        saved("GIF", "P", save_all=True, append_images=[COLOURS.rotate(90)]),
        r"\(a GIF\): ",
    ),
    "WebP": (saved("WEBP"), r"\(a WebP\): "),
    "TIFF": (saved("TIFF"), r"\(a TIFF\): "),
    "ICO": (saved("ICO"), "PNG or JPEG: "),
    "a text": (b"no image", "PNG or JPEG: "),
    "levels without a format": (np.uint8(255 * GREY).tobytes(), "PNG or JPEG: "),
    "a PNG cut off": (png(GREY)[:-40], r"\(a damaged PNG\): "),
    "a PNG of its first bytes": (png(GREY)[:10], r"\(a damaged PNG\): "),
    "a JPEG cut off": (JPEG[:-100], "a JPEG in CMYK, or a damaged one"),
}


@pytest.mark.parametrize(("image", "near"), ACCEPTED.values(), ids=ACCEPTED)
def test_an_image_that_is_accepted_becomes_its_grey_levels(tmp_path, image, near):
    write(tmp_path / "a.tfrecord", [example(image, 0), example(saved("PNG", "L"), 1)])
    found = look(tmp_path, label="")
    assert found == Examples(tmp_path, "images", False, 2, 2, (4, 5))
    levels, classes = transformed(tmp_path / "a.tfrecord", found)
    assert classes == [0, 1]
    expected = np.asarray(Image.open(io.BytesIO(image)).convert("RGB").convert("L"), float)
    if "16" in str(Image.open(io.BytesIO(image)).mode):
        expected = np.asarray(COLOURS.convert("L"), float)
    if near is not None:
        np.testing.assert_allclose(levels[0], expected, atol=near)
    assert np.corrcoef(levels[0].ravel(), expected.ravel())[0, 1] > 0.95


@pytest.mark.parametrize(("image", "said"), NO_IMAGES.values(), ids=NO_IMAGES)
@pytest.mark.parametrize("place", [0, 5])
def test_an_image_that_is_none_or_half_is_refused_wherever_it_is(tmp_path, image, said, place):
    """Not only the first of a file: Transform would come upon it later, and name none."""
    good = [example(png(GREY), 1), example(JPEG, 2)] * 3
    write(tmp_path / "b.tfrecord", [*good[:place], example(image, 0), *good])
    with pytest.raises(ValueError, match=f"b.tfrecord: record {place} has an .*{said}.*{CURE}"):
        look(tmp_path, label="")
    with pytest.raises(tf.errors.InvalidArgumentError):
        transformed(tmp_path / "b.tfrecord", Examples(tmp_path, "images", False, 7, 3, (30, 20)))


def test_images_of_all_kinds_and_sizes_in_one_file_get_the_size_of_the_first(tmp_path):
    kinds = [png(GREY), JPEG, png(np.zeros((2, 3))), *(image for image, _ in ACCEPTED.values())]
    write(tmp_path / "a.tfrecord", [example(each, n % 3) for n, each in enumerate(kinds)])
    found = look(tmp_path, label="")
    assert found == Examples(tmp_path, "images", False, len(kinds), 3, (30, 20))
    assert transformed(tmp_path / "a.tfrecord", found)[0].shape == (len(kinds), 30, 20)


GOOD = png(GREY)
NO_EXAMPLES = {
    "no label": (example(GOOD), "has no 'label': add it, or leave the record out .* image"),
    "no image": (features(label=[1]), "has no 'image': add it, or leave the record out"),
    "an image of no bytes": (example(b"", 1), "has no 'image': add it, or leave the record out"),
    "nothing": (features(), r"has no 'image': add it, .* \(its features are none\)"),
    "other names": (features(picture=[GOOD], y=[1]), r"no 'image': .* features are picture, y"),
    "an empty label": (features(image=[GOOD], label=[]), "'label'"),
    "a word as label": (features(image=[GOOD], label=[b"cat"]), "a whole number.* types don't mat"),
    "a float as label": (features(image=[GOOD], label=[1.0]), "a whole number.* types don't match"),
    "two labels": (features(image=[GOOD], label=[1, 2]), "with one 'image', of bytes, and one 'l"),
    "two images": (features(image=[GOOD, GOOD], label=[1]), "with one 'image', of bytes, and one"),
    "numbers as image": (features(image=[1, 2], label=[1]), "one 'image', of bytes"),
    "no example": (b"no example", "is not a tf.train.Example .*Could not parse"),
}


@pytest.mark.parametrize(("record", "said"), NO_EXAMPLES.values(), ids=NO_EXAMPLES)
def test_a_record_that_is_no_such_example_is_refused_with_its_number(tmp_path, record, said):
    good = example(png(np.zeros((2, 2))), 1)
    write(tmp_path / "a.tfrecord", [good, good, record, good])
    with pytest.raises(ValueError, match=f"a.tfrecord: record 2 .*{said}"):
        look(tmp_path, label="", classes=2)
    with pytest.raises(ValueError, match=f"a.tfrecord: record 2 .*{said}"):
        look(tmp_path, label="")


@pytest.mark.parametrize(
    ("labels", "kept"),
    [
        ([0, 1, 2, 1], None),
        ([3, 1, 2, 3], (1, 2, 3)),
        ([0, 5, 9, 5], (0, 5, 9)),
        ([10_001, 2_000_000], (10_001, 2_000_000)),
        ([0, 10**12], (0, 10**12)),
        ([-1, 0, 1], (-1, 0, 1)),
        ([-(2**62), 2**63 - 1], (-(2**62), 2**63 - 1)),
    ],
)
def test_the_classes_are_the_labels_that_occur(tmp_path, labels, kept):
    write(tmp_path / "a.tfrecord", [example(GOOD, label) for label in labels])
    found = look(tmp_path, label="")
    assert (found.classes, found.labels) == (len(set(labels)), kept)
    order = sorted(set(labels))
    classes = transformed(tmp_path / "a.tfrecord", found)[1]
    assert classes == [order.index(label) for label in labels]


def test_a_label_that_was_not_looked_at_is_no_class():
    raw = {"image": tf.constant([[GOOD]] * 3), "label": tf.constant([[4], [5], [10]], tf.int64)}
    found = images.preprocessing_fn(raw, {"shape": [2, 2], "labels": [5, 9]})
    assert found[images.LABEL_XF].numpy().tolist() == [-1, 0, -1]


@pytest.mark.parametrize("label", [0, 5, -1, 10**12])
@pytest.mark.parametrize("classes", [None, 3])
def test_one_class_alone_is_refused_whatever_its_label(tmp_path, label, classes):
    write(tmp_path / "a.tfrecord", [example(GOOD, label)] * 4)
    said = f"every 'label' is {label}: give at least two classes"
    if classes and label not in range(classes):
        said = f"record 0 has the label {label}, but with 3 classes labels are 0 to 2"
    with pytest.raises(ValueError, match=said):
        look(tmp_path, label="", classes=classes)


@pytest.mark.parametrize("label", [-1, 3, 10**12])
def test_a_label_out_of_a_given_range_is_refused_with_its_place(tmp_path, label):
    write(tmp_path / "a.tfrecord", [example(GOOD, each) for each in [0, 1, 2, 0, label, 0]])
    with pytest.raises(ValueError, match=rf"a.tfrecord: record 4 has the label {label}, .*0 to 2"):
        look(tmp_path, label="", classes=3)


def test_with_the_number_of_classes_given_some_may_be_missing(tmp_path):
    write(tmp_path / "a.tfrecord", [example(GOOD, each) for each in [0, 7, 7]])
    found = look(tmp_path, label="", classes=10)
    assert (found.classes, found.labels) == (10, None)
    assert transformed(tmp_path / "a.tfrecord", found)[1] == [0, 7, 7]


def test_a_label_that_the_train_split_lacks_is_refused(tmp_path):
    for split in SPLITS:
        (tmp_path / split).mkdir()
        labels = [0, 1, 2] if split != "train" else [0, 1, 1]
        write(tmp_path / split / "a.tfrecord", [example(GOOD, each) for each in labels])
    with pytest.raises(ValueError, match=r"eval/a.tfrecord: record 2: label is 2, which the train"):
        look(tmp_path, label="", classes=3)


# Files


RECORDS = [example(png(np.full((2, 3), level / 9)), level % 2) for level in range(10)]


def plain(folder):
    write(folder / "source", RECORDS)
    return (folder / "source").read_bytes()


def zipped(folder):
    return gzip.compress(plain(folder))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.tfrecord", plain),
        ("a.tfrecord-00000-of-00001", plain),
        ("a.tfrecord.gz", zipped),
        ("a.tfrecord-00000-of-00001.GZ", zipped),
        ("a.tfrecord.gz", lambda folder: zipped(folder)[:10] + zipped(folder)[10:]),
    ],
)
def test_a_file_that_is_accepted_is_read_whole_by_the_component(tmp_path, name, content):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / name).write_bytes(content(tmp_path))
    assert look(tmp_path / "data", label="").count == 10
    assert len(component(tmp_path / "data" / name)) == 10


def flipped(content, place):
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


SECOND, FOURTH = (sum(len(each) + 16 for each in RECORDS[:n]) for n in (2, 4))  # their places
FILES = {
    "gzip without .gz": ("a.tfrecord", zipped, "by gzip, .*mv a.tfrecord a.tfrecord.gz"),
    "a shard after .gz": (
        "a.tfrecord.gz-00000-of-00002",
        zipped,
        "name does not end with .gz, .*mv a.tfrecord.gz-00000-of-00002 "
        "a.tfrecord-00000-of-00002.gz",
    ),
    "plain with .gz": ("a.tfrecord.gz", plain, "not compressed, .*mv a.tfrecord.gz a.tfrecord"),
    "plain with .bz2": ("a.tfrecord.bz2", plain, "not compressed, but its name ends with .bz2"),
    "zlib": (
        "a.tfrecord",
        lambda folder: zlib.compress(plain(folder)),
        "compressed by zlib: of compressions only gzip is read",
    ),
    "bzip2": ("a.tfrecord.bz2", lambda folder: bz2.compress(plain(folder)), "by bzip2: of compr"),
    "gzip in gzip": (
        "a.tfrecord.gz",
        lambda folder: gzip.compress(zipped(folder)),
        "what is in it is not a TFRecord, but compressed by gzip",
    ),
    "a PNG": ("a.tfrecord", lambda folder: GOOD, "is not a TFRecord, but a PNG: write it with tf"),
    "a text": ("a.tfrecord.txt", lambda folder: b"image,label\n" * 9, "but begins with b'image,la"),
    "a text in gzip": (
        "a.tfrecord.gz",
        lambda folder: gzip.compress(b"image,label\n"),
        "what is in it is not a TFRecord, but begins with b'image,label",
    ),
    "a few bytes": ("a.tfrecord", lambda folder: b"abc", "damaged, or cut off, at record 0"),
    "nothing": ("a.tfrecord", lambda folder: b"", "is empty and holds no record: write some, or"),
    "nothing in gzip": ("a.tfrecord.gz", lambda folder: gzip.compress(b""), "holds no record: wri"),
    "cut off in the first": ("a.tfrecord", lambda folder: plain(folder)[:40], "at record 0: write"),
    "cut off": ("a.tfrecord", lambda folder: plain(folder)[: FOURTH + 9], "at record 4: write"),
    "cut off at a length": (
        "a.tfrecord",
        lambda folder: plain(folder)[: FOURTH + 3],
        "damaged, or cut off, at record 4",
    ),
    "gzip cut off": (
        "a.tfrecord.gz",
        lambda folder: zipped(folder)[:-20],
        "damaged, or cut off .*: write it again, or copy it again",
    ),
    "gzip damaged": (
        "a.tfrecord.gz",
        lambda folder: flipped(zipped(folder), 60),
        "damaged, or cut off",
    ),
    "a bit in the length": ("a.tfrecord", lambda f: flipped(plain(f), SECOND), "at record 2"),
    "a bit in the data": ("a.tfrecord", lambda f: flipped(plain(f), SECOND + 20), "record 2"),
    "a bit in the first length": ("a.tfrecord", lambda f: flipped(plain(f), 0), "at record 0"),
    "a bit in the first data": ("a.tfrecord", lambda f: flipped(plain(f), 20), "at record 0"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "content", "said"), FILES.values(), ids=FILES)
def test_a_file_that_the_component_cannot_read_is_refused_by_what_it_is(
    tmp_path, name, content, said
):
    (tmp_path / "data").mkdir()
    write(tmp_path / "data" / "0.tfrecord", RECORDS)
    (tmp_path / "data" / name).write_bytes(content(tmp_path))
    with pytest.raises(ValueError, match=re.escape(str(tmp_path / "data" / name)) + f".*{said}"):
        look(tmp_path / "data", label="")


def test_a_record_as_long_as_gzips_first_bytes_say_is_a_record(tmp_path):
    length = int.from_bytes(b"\x1f\x8b\x08\0\0\0\0\0", "little")
    image = png(GREY)
    shorter = length - len(example(image, 0)) - 100
    long = features(image=[image], label=[0], more=[bytes(shorter)])
    long = features(image=[image], label=[0], more=[bytes(shorter + length - len(long))])
    assert len(long) == length
    write(tmp_path / "a.tfrecord", [long, example(image, 1)])
    assert (tmp_path / "a.tfrecord").read_bytes().startswith(b"\x1f\x8b\x08")
    assert look(tmp_path, label="").count == len(component(tmp_path / "a.tfrecord")) == 2


def test_a_folder_called_like_a_record_is_refused(tmp_path):
    write(tmp_path / "a.tfrecord", RECORDS)
    (tmp_path / "b.tfrecord").mkdir()
    with pytest.raises(ValueError, match=r"b\.tfrecord is a folder, but is called like a TFRecord"):
        look(tmp_path, label="")


@pytest.mark.parametrize("name", ["a[1]", "a*", "a?"])
def test_a_path_that_is_a_pattern_for_the_components_is_refused(tmp_path, name):
    (tmp_path / name).mkdir()
    write(tmp_path / name / "a.tfrecord", RECORDS)
    with pytest.raises(ValueError, match=r"TFX takes .* in a path for a pattern: rename"):
        look(tmp_path / name, label="")


def test_images_that_do_not_reach_every_split_are_refused_before_the_pipeline(tmp_path):
    (tmp_path / "few").mkdir()
    write(tmp_path / "few" / "a.tfrecord", RECORDS[:2])
    with pytest.raises(
        ValueError, match=r"few: a hash deals the examples out, none to .*: give mo"
    ):
        prepare(str(tmp_path / "few"), tmp_path, label="")
    x = np.random.default_rng(0).random((60, 3, 2))
    (tmp_path / "many").mkdir()
    write_images(tmp_path / "many" / "a.tfrecord", Split(x, np.arange(60) % 2))
    assert prepare(str(tmp_path / "many"), tmp_path, label="").count == 60
