using CustomModel;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

const int Context = 48;
set_num_threads(1); // tensors this small are faster on one
random.manual_seed(1);
var places = new Random(1);
var harbour = new Corpus(Corpus.Harbour, Corpus.Alphabet);
var storm = new Corpus(Corpus.Storm, Corpus.Alphabet);

// The base model, trained as any TorchSharp model.
using var decoder = new Decoder(Corpus.Alphabet.Length, Context, layers: 3, width: 64, heads: 4);
Train(harbour, decoder.parameters(), steps: 150, rate: 3e-3);
foreach (Parameter weight in decoder.parameters())
{
    weight.requires_grad = false;
}

Console.WriteLine($"The base model has {decoder.parameters().Sum(weight => weight.numel()):N0} numbers. Loss on its own text {Loss(harbour):F3}, on the other {Loss(storm):F3}.");

// The adapter, made by what the generator wrote for the annotated class.
using DecoderLorta lorta = decoder.AttachLorta();
using (lorta.Use())
{
    Train(storm, lorta.parameters(), steps: 150, rate: 1e-2);
    Console.WriteLine($"With {lorta.TrainableCount:N0} trained numbers: {Loss(storm):F3} on the other text.");
}

Console.WriteLine($"C_H is [{string.Join(", ", lorta.HeadFactor.shape)}], the update of the last query matrix [{string.Join(", ", lorta.Layers[^1].Query.Delta().shape)}].");

// Merged, the plain model computes the same; unmerged, it is what it was.
lorta.Merge();
Console.WriteLine($"Merged: {Loss(storm):F3}.");
lorta.Unmerge();
Console.WriteLine($"Unmerged: {Loss(harbour):F3} on its own text.");

// Saved and loaded, on the same base.
string folder = Path.Combine("runs", "storm");
lorta.Save(folder);
using DecoderLorta loaded = decoder.LoadLorta(folder, "loaded");
using (loaded.Use())
{
    Console.WriteLine($"Saved to {folder} and loaded: {Loss(storm):F3}.");
}

void Train(Corpus corpus, IEnumerable<Parameter> parameters, int steps, double rate)
{
    using optim.Optimizer optimizer = optim.AdamW(parameters, rate, weight_decay: 0);
    for (int step = 0; step < steps; step++)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor ids, Tensor next) = corpus.Sample(16, Context, places);
        optimizer.zero_grad();
        Compare(ids, next).backward();
        optimizer.step();
    }
}

double Loss(Corpus corpus)
{
    using IDisposable noGrad = no_grad();
    using DisposeScope scope = NewDisposeScope();
    (Tensor ids, Tensor next) = corpus.Sample(64, Context, new Random(2));
    return Compare(ids, next).item<float>();
}

Tensor Compare(Tensor ids, Tensor next) =>
    functional.cross_entropy(decoder.forward(ids).view(-1, Corpus.Alphabet.Length), next.reshape(-1));
