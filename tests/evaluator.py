"""The evaluator of graphs through ctypes (tests/eval_peer.c): bands are numpy arrays, results too."""
import ctypes
import json
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
TYPES = [np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32, np.float32, np.float64]
UTM = ("EPSG:32633", (500000.0, 10.0, 0.0, 5000000.0, 0.0, -10.0))  # crs; x0, col_x, row_x, y0, col_y, row_y


class PeerBand(ctypes.Structure):
    _fields_ = [("image", ctypes.c_char_p), ("name", ctypes.c_char_p), ("type", ctypes.c_int),
                ("data", ctypes.c_void_p), ("mask", ctypes.c_void_p)]


class PeerJob(ctypes.Structure):
    _fields_ = [("graph", ctypes.c_char_p), ("crs", ctypes.c_char_p), ("transform", ctypes.c_double * 6),
                ("width", ctypes.c_int64), ("height", ctypes.c_int64), ("block", ctypes.c_int64),
                ("threads", ctypes.c_int), ("count", ctypes.c_int), ("band", ctypes.POINTER(PeerBand)),
                ("in_crs", ctypes.c_char_p), ("in_transform", ctypes.c_double * 6),
                ("in_width", ctypes.c_int64), ("in_height", ctypes.c_int64),
                ("message", ctypes.c_char * 512), ("bands", ctypes.c_int64), ("names", ctypes.c_char * 4096),
                ("type", ctypes.POINTER(ctypes.c_int)), ("data", ctypes.POINTER(ctypes.c_void_p)),
                ("mask", ctypes.POINTER(ctypes.c_void_p)),
                ("archive", ctypes.c_char_p), ("answer", ctypes.c_char_p), ("bands_made", ctypes.c_int64),
                ("values", ctypes.c_void_p)]


class GraphError(Exception):
    pass


def library():
    for build in ("release", "dev"):
        path = ROOT / f"build/{build}/tests/libeval_peer.so"
        if path.exists():
            peer = ctypes.CDLL(str(path))
            peer.eval_peer_functions.restype = ctypes.c_char_p
            peer.eval_peer_algorithms.restype = ctypes.c_char_p
            return peer
    pytest.fail("build/*/tests/libeval_peer.so is not built")


def functions():
    return library().eval_peer_functions().decode().split()


def algorithms():
    """[[name, returns, [[argument, kind, default or None] ...]] ...]"""
    return json.loads(library().eval_peer_algorithms())


def job_of(graph, images, shape, block, threads, grid, images_on, archive):
    """The job, and the arrays that must outlive it."""
    kept, bands, own = [], [], shape
    for image, members in images.items():
        for name, array in members.items():
            data = np.ascontiguousarray(np.ma.getdata(array))
            mask = np.ascontiguousarray(np.where(np.ma.getmaskarray(array), 0, 255).astype(np.uint8))
            kept += [data, mask]
            own = data.shape
            bands.append(PeerBand(image.encode(), name.encode(), TYPES.index(data.dtype.type), data.ctypes.data,
                                  mask.ctypes.data))
    shape, images_on = shape or own or (1, 1), images_on or grid
    own = own or shape
    graph = graph if isinstance(graph, str) else json.dumps(graph)
    job = PeerJob(graph=graph.encode(), crs=grid[0].encode(), transform=(ctypes.c_double * 6)(*grid[1]),
                  width=shape[1], height=shape[0], block=block, threads=threads, count=len(bands),
                  band=(PeerBand * len(bands))(*bands),
                  in_crs=images_on[0].encode(), in_transform=(ctypes.c_double * 6)(*images_on[1]), in_width=own[1],
                  in_height=own[0], archive=json.dumps(archive or {}).encode())
    return job, kept


class Answer:
    """A value as getInfo gives it, and how often bands were made for it."""

    def __init__(self, value, bands_made):
        self.value, self.bands_made = value, bands_made


def answer(graph, images=None, archive=None, grid=UTM):
    """What the graph (text, or an Expression) comes to. `archive`: {collection: [{"image": of images, "properties"}]}."""
    peer = library()
    job, kept = job_of(graph, images or {}, None, 256, 1, grid, None, archive)
    status = peer.eval_peer_answer(ctypes.byref(job))
    try:
        if status:
            raise GraphError(job.message.decode())
        return Answer(json.loads(job.answer), job.bands_made)
    finally:
        peer.eval_peer_dispose(ctypes.byref(job))
        del kept


def evaluate(graph, images, shape=None, block=256, threads=1, grid=UTM, images_on=None, archive=None):
    """images: {id: {band: masked array}}. Returns {band: masked array}, mask kept as numpy does (True: masked), and
    `.opacity` as the raw mask bytes. `shape`: the output's, when it is not the images'; `images_on`: their grid, when
    it is not the output's."""
    peer = library()
    job, kept = job_of(graph, images, shape, block, threads, grid, images_on, archive)
    shape = (job.height, job.width)
    status = peer.eval_peer_run(ctypes.byref(job))
    try:
        if status:
            raise GraphError(job.message.decode())
        out = {}
        for i, name in enumerate(job.names.decode().splitlines()):
            dtype = TYPES[job.type[i]]
            count = shape[0] * shape[1]
            data = np.frombuffer((ctypes.c_char * (count * dtype().itemsize)).from_address(job.data[i]), dtype)
            mask = np.frombuffer((ctypes.c_char * count).from_address(job.mask[i]), np.uint8).copy().reshape(shape)
            out[name] = np.ma.array(data.copy().reshape(shape), mask=mask == 0)
            out[name].opacity = mask
        return out
    finally:
        peer.eval_peer_dispose(ctypes.byref(job))
