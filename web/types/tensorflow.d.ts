// The part of TensorFlow.js that is used here. Its own types are in packages that `make` removes.

export interface TensorFlow {
  enableProdMode(): void;
  setBackend(name: string): Promise<boolean>;
  loadLayersModel(handler: Handler): Promise<LoadedModel>;
  loadGraphModel(handler: Handler): Promise<LoadedModel>;
  io: { fromMemory(artifacts: object): Handler };
  tensor2d(values: Int32Array | Float32Array, shape: number[], dtype: string): Tensor;
  tidy(compute: () => Tensor): Tensor;
  memory(): { numTensors: number };
}

/** Where a model is loaded from; opaque here. */
interface Handler {
  load?(): Promise<object>;
}

interface LoadedModel {
  /** The inputs' names, of the layers format. */
  inputNames?: string[];
  /** The inputs' names, of the graph format. */
  inputNodes?: string[];
  dispose(): void;
  predict(input: Tensor, options: { batchSize: number }): Tensor;
}

export interface Tensor {
  dataSync(): Float32Array;
  dispose(): void;
}
