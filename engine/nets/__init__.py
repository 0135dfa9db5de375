"""Small networks as files: read from TensorFlow Lite, written as ONNX, run by OpenCV."""
