"""The evaluator of graphs through ctypes (tests/eval_peer.c): bands are numpy arrays, results too."""
import ctypes
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
                ("mask", ctypes.POINTER(ctypes.c_void_p))]


class GraphError(Exception):
    pass


def library():
    for build in ("release", "dev"):
        path = ROOT / f"build/{build}/tests/libeval_peer.so"
        if path.exists():
            peer = ctypes.CDLL(str(path))
            peer.eval_peer_functions.restype = ctypes.c_char_p
            return peer
    pytest.fail("build/*/tests/libeval_peer.so is not built")


def functions():
    return library().eval_peer_functions().decode().split()


def evaluate(graph, images, shape=None, block=256, threads=1, grid=UTM, images_on=None):
    """images: {id: {band: masked array}}. Returns {band: masked array}, mask kept as numpy does (True: masked), and
    `.opacity` as the raw mask bytes. `shape`: the output's, when it is not the images'; `images_on`: their grid, when
    it is not the output's."""
    peer = library()
    kept, bands, own = [], [], shape
    for image, members in images.items():
        for name, array in members.items():
            data = np.ascontiguousarray(np.ma.getdata(array))
            mask = np.ascontiguousarray(np.where(np.ma.getmaskarray(array), 0, 255).astype(np.uint8))
            kept += [data, mask]
            own = data.shape
            bands.append(PeerBand(image.encode(), name.encode(), TYPES.index(data.dtype.type), data.ctypes.data,
                                  mask.ctypes.data))
    shape, images_on = shape or own, images_on or grid
    job = PeerJob(graph=graph.encode(), crs=grid[0].encode(), transform=(ctypes.c_double * 6)(*grid[1]),
                  width=shape[1], height=shape[0], block=block, threads=threads, count=len(bands),
                  band=(PeerBand * len(bands))(*bands),
                  in_crs=images_on[0].encode(), in_transform=(ctypes.c_double * 6)(*images_on[1]), in_width=own[1],
                  in_height=own[0])
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
