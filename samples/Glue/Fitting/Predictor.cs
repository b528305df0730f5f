using Lorta.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Glue.Fitting;

/// <summary>What a model says of rows.</summary>
internal static class Predictor
{
    private const int Batch = 64;

    /// <summary>The model's outputs for rows, in their order: class probabilities, or one score in a regression.</summary>
    public static float[][] Predict(TextClassifier classifier, IReadOnlyList<TokenizedText> rows, CancellationToken cancellation)
    {
        bool wasTraining = classifier.Model.training;
        classifier.Model.eval();
        using IDisposable noGrad = no_grad();
        var outputs = new float[rows.Count][];
        // Rows of one length together: least padding.
        foreach (int[] batch in Enumerable.Range(0, rows.Count).OrderBy(row => rows[row].Length).Chunk(Batch))
        {
            cancellation.ThrowIfCancellationRequested();
            using DisposeScope scope = NewDisposeScope();
            Tensor logits = classifier.Logits([.. batch.Select(row => rows[row])]); // [b, labels]
            int width = (int)logits.shape[1];
            float[] values = (width == 1 ? logits : logits.softmax(1)).data<float>().ToArray();
            foreach ((int row, float[] output) in batch.Zip(values.Chunk(width)))
            {
                outputs[row] = output;
            }
        }

        classifier.Model.train(wasTraining);
        return outputs;
    }

    /// <summary>The likeliest class.</summary>
    public static int Class(float[] probabilities) => Array.IndexOf(probabilities, probabilities.Max());
}
