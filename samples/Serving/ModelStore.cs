using Lorta.ML;
using Microsoft.ML;

namespace Serving;

/// <summary>The served models by name. Those that were fine-tuned from one base share its weights.</summary>
internal sealed class ModelStore : IDisposable
{
    private readonly SortedDictionary<string, ServedModel> _models = new(StringComparer.Ordinal);

    private ModelStore()
    {
    }

    public IReadOnlyCollection<string> Names => _models.Keys;

    /// <summary>Loads every <c>.zip</c> of a folder; its name without the ending is the model's.</summary>
    /// <exception cref="ServingException">The folder has no model, or one that cannot be loaded.</exception>
    public static ModelStore Load(string folder)
    {
        var mlContext = new MLContext();
        var store = new ModelStore();
        foreach (string path in Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*.zip") : [])
        {
            string name = Path.GetFileNameWithoutExtension(path);
            store._models.Add(name, new ServedModel(name, mlContext, LoadModel(mlContext, path)));
        }

        return store._models.Count > 0
            ? store
            : throw new ServingException($"{Path.GetFullPath(folder)} has no model: save some there as .zip, or name another folder with --models.");
    }

    public ServedModel? Find(string name) => _models.GetValueOrDefault(name);

    public void Dispose()
    {
        foreach (ServedModel model in _models.Values)
        {
            model.Dispose();
        }
    }

    private static ITransformer LoadModel(MLContext mlContext, string path)
    {
        try
        {
            ITransformer model = mlContext.Model.Load(path, out _);

            // What waits for any model over one base goes through the base together.
            foreach (LortaTransformer lorta in (model as IEnumerable<ITransformer> ?? [model]).OfType<LortaTransformer>())
            {
                lorta.ScoresTogether = true;
            }

            return model;
        }
        catch (Exception error) when (error is InvalidOperationException or FormatException or IOException)
        {
            throw new ServingException($"{path} cannot be loaded: {error.GetBaseException().Message}");
        }
    }
}
