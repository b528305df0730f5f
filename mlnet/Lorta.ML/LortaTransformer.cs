using Lorta.ML;
using Lorta.ML.Columns;
using Lorta.ML.Saving;
using Lorta.ML.Scoring;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

[assembly: LoadableClass(typeof(LortaTransformer), null, typeof(SignatureLoadModel), "LoRTA fine-tuned text model", LortaTransformer.LoaderSignature)]

namespace Lorta.ML;

/// <summary>
/// A text model fine-tuned by LoRTA. It adds its predictions to a data view, scores no row that nobody asks for, and can be used
/// from many threads. Models of one base share its weights.
/// </summary>
public sealed class LortaTransformer : ITransformer, IDisposable
{
    internal const string LoaderSignature = "LortaText";

    private readonly IHost _host;
    private readonly TextModel _model;
    private readonly TextColumns _texts;
    private readonly OutputColumns _outputs;
    private readonly SavedModel? _saved;

    internal LortaTransformer(IHostEnvironment env, SavedModel saved)
        : this(
            env,
            saved.Model,
            saved.Manifest.Texts,
            new OutputColumns(saved.Manifest.Task, saved.Manifest.Outputs, saved.Manifest.Classes, saved.Values))
    {
        _saved = saved;
    }

    internal LortaTransformer(IHostEnvironment env, TextModel model, TextColumns texts, OutputColumns outputs)
    {
        _host = env.Register(nameof(LortaTransformer));
        _model = model;
        _texts = texts;
        _outputs = outputs;
    }

    /// <inheritdoc/>
    public bool IsRowToRowMapper => true;

    /// <summary>
    /// Whether rows that several threads score at the same time share forwards of the base, also with those of other models over it that
    /// have this set: more rows a second where many ask for few. The last digits of the scores then depend on what came together. By
    /// default not. A method that trains the base itself has a base of its own, and nothing to share.
    /// </summary>
    public bool ScoresTogether
    {
        get => _saved is { Model.ScoresTogether: true };
        set => _saved!.Model.ScoresTogether = value;
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">A text column is missing or not of type text.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => Mapper(inputSchema).OutputSchema;

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">A text column is missing or not of type text.</exception>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => Mapper(inputSchema);

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">A text column is missing or not of type text.</exception>
    public IDataView Transform(IDataView input) => new LortaDataView(Mapper(input.Schema), input);

    /// <summary>Frees the model's native memory; the base weights go with the last model that uses them.</summary>
    public void Dispose() => _model.Dispose();

    void ICanSaveModel.Save(ModelSaveContext ctx)
    {
        ctx.CheckAtModel();
        ctx.SetVersionInfo(GetVersionInfo());
        RuntimeErrors.Translate(_host, () => _saved!.Save(_host, ctx));
    }

    // What ML.NET calls to load a model.
    private static LortaTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        IHost host = env.Register(nameof(LortaTransformer));
        ctx.CheckAtModel(GetVersionInfo());
        using IChannel channel = host.Start("Load");
        return RuntimeErrors.Translate(host, () => new LortaTransformer(env, SavedModel.Load(host, channel, ctx)));
    }

    private static VersionInfo GetVersionInfo() => new(
        modelSignature: "LORTATXT",
        verWrittenCur: 0x00010001,
        verReadableCur: 0x00010001,
        verWeCanReadBack: 0x00010001,
        loaderSignature: LoaderSignature,
        loaderAssemblyName: typeof(LortaTransformer).Assembly.FullName!);

    private LortaRowMapper Mapper(DataViewSchema input) => new(_model, _texts, _outputs, _host, input);
}
