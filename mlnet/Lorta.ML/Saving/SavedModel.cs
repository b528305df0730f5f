using Lorta.ML.Bases;
using Lorta.ML.Columns;
using Lorta.ML.Scoring;
using Microsoft.ML;
using Microsoft.ML.Runtime;
using static TorchSharp.torch;

namespace Lorta.ML.Saving;

/// <summary>A model together with what is saved of it beside its numbers.</summary>
/// <param name="Manifest">What it says of itself.</param>
/// <param name="Values">What its classes stand for, where that is known.</param>
/// <param name="Model">The model.</param>
internal sealed record SavedModel(ModelManifest Manifest, LabelValues? Values, FineTunedModel Model)
{
    private const string LabelValuesName = "label_values.bin";

    /// <summary>Writes the model into ML.NET's zip.</summary>
    public void Save(IHostEnvironment env, ModelSaveContext ctx)
    {
        using var folder = new TemporaryFolder();
        IReadOnlyList<string> tokenizer = Model.Save(folder.Path);
        if (Values is not null)
        {
            using FileStream file = File.Create(Path.Combine(folder.Path, LabelValuesName));
            Values.Save(env, file);
        }

        IEnumerable<string> files = Directory.EnumerateFiles(folder.Path).Order(StringComparer.Ordinal);
        if (Manifest.Base.IsEmbedded)
        {
            files = files.Concat(BaseFiles.In(Model.BaseFolder));
        }

        ModelArchive.Save(ctx, Manifest with { TokenizerFiles = tokenizer }, [.. files]);
    }

    /// <summary>Reads a model from ML.NET's zip.</summary>
    /// <exception cref="FormatException">The model is damaged, or its base is another.</exception>
    /// <exception cref="IOException">Its base is missing.</exception>
    public static SavedModel Load(IHostEnvironment env, IChannel channel, ModelLoadContext ctx)
    {
        using var folder = new TemporaryFolder();
        ModelManifest manifest = ModelArchive.Load(env, ctx, folder.Path);
        LabelValues? values = LoadValues(env, folder.Path);
        Device device = DeviceOf(env, channel, manifest);
        SharedTokenizer tokenizer = SharedTokenizer.Load(folder.Path, manifest.TokenizerFiles);
        SharedBase shared = manifest.Base.IsEmbedded
            ? AcquireEmbedded(env, manifest.Base, device, folder)
            : SharedBase.Acquire(BaseLocator.Find(env, manifest.Base), manifest.Base.Sha256, device);
        return new SavedModel(manifest, values, new FineTunedModel(shared, tokenizer, folder.Path, manifest.Classes));
    }

    /// <summary>Moves the base's files into a folder of their own, which lives as long as the base does.</summary>
    private static SharedBase AcquireEmbedded(IExceptionContext context, BaseReference reference, Device device, TemporaryFolder folder)
    {
        var temporary = new TemporaryFolder();
        try
        {
            foreach (string name in reference.Sha256.Keys.Where(name => File.Exists(Path.Combine(folder.Path, name))))
            {
                File.Move(Path.Combine(folder.Path, name), Path.Combine(temporary.Path, name));
            }

            BaseLocator.Verify(context, reference, temporary.Path);
        }
        catch
        {
            temporary.Dispose();
            throw;
        }

        return SharedBase.Acquire(temporary.Path, reference.Sha256, device, temporary);
    }

    private static LabelValues? LoadValues(IHostEnvironment env, string folder)
    {
        string path = Path.Combine(folder, LabelValuesName);
        if (!File.Exists(path))
        {
            return null;
        }

        using FileStream file = File.OpenRead(path);
        return LabelValues.Load(env, file);
    }

    private static Device DeviceOf(IHostEnvironment env, IChannel channel, ModelManifest manifest)
    {
        try
        {
            return TorchDevice.Parse(env, manifest.Device);
        }
        catch (ArgumentOutOfRangeException)
        {
            channel.Warning("The model was trained on the device '{0}', which is not here: it scores on the CPU.", manifest.Device);
            return CPU;
        }
    }
}
