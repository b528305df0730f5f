using Lorta.Models;
using Lorta.Text;
using Lorta.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Glue.Fitting;

/// <summary>Masked language modelling (Devlin et al., 2019, section 3.1): a model learns to guess hidden and swapped words.</summary>
internal sealed class Pretrainer
{
    // Of the words to guess, 8 in 10 are hidden, 1 in 10 is swapped for another, and 1 in 10 stays as it is.
    private const double GuessShare = 0.25;
    private const double HiddenShare = 0.8;
    private const double SwappedShare = 0.1;

    private readonly BertForMaskedLanguageModel _model;
    private readonly TextTokenizer _tokenizer;
    private readonly MaskedRow[] _rows;
    private readonly int _seed;

    /// <summary>Masks the sentences, each once.</summary>
    /// <param name="model">The model to train.</param>
    /// <param name="tokenizer">A tokenizer with a mask token.</param>
    /// <param name="sentences">What to read.</param>
    /// <param name="seed">Fixes the masks and the training.</param>
    public Pretrainer(BertForMaskedLanguageModel model, TextTokenizer tokenizer, IEnumerable<string> sentences, int seed)
    {
        _model = model;
        _tokenizer = tokenizer;
        _seed = seed;
        int[] words = [.. Enumerable.Range(0, tokenizer.VocabularySize).Where(id => !tokenizer.SpecialIds.Contains(id))];
        var random = new Random(seed);
        _rows = [.. sentences.Select(sentence => Mask(tokenizer.Encode(sentence), words, random))];
    }

    /// <summary>Goes through the sentences once.</summary>
    public void Run(int batch, double rate, IProgress<TrainingProgress>? progress, CancellationToken cancellation)
    {
        var group = new ParameterGroup("model", [.. _model.named_parameters()], rate, WeightDecay: 0.01);
        var order = BatchOrder.Bucketed([.. _rows.Select(row => row.Text.Length)], batch);
        _model.train();
        new Trainer(new TrainingOptions { Seed = _seed }, [group], order, Loss) { Progress = progress }.Run(cancellation);
        _model.eval();
    }

    private MaskedRow Mask(TokenizedText text, int[] words, Random random)
    {
        int[] ids = [.. text.Ids];
        var places = new List<int>();
        for (int place = 0; place < ids.Length; place++)
        {
            if (_tokenizer.SpecialIds.Contains(ids[place]) || random.NextDouble() >= GuessShare)
            {
                continue;
            }

            places.Add(place);
            double fate = random.NextDouble();
            if (fate < HiddenShare)
            {
                ids[place] = _tokenizer.MaskId!.Value;
            }
            else if (fate < HiddenShare + SwappedShare)
            {
                ids[place] = words[random.Next(words.Length)];
            }
        }

        return new MaskedRow(new TokenizedText(ids, text.TypeIds), [.. places], [.. places.Select(place => (long)text.Ids[place])]);
    }

    private Tensor Loss(IReadOnlyList<int> rows)
    {
        using DisposeScope scope = NewDisposeScope();
        MaskedRow[] batch = [.. rows.Select(row => _rows[row])];
        using TokenBatch input = TokenBatch.Collate([.. batch.Select(row => row.Text)], _tokenizer.PadId);
        long length = input.InputIds.shape[1];
        long[] places = [.. batch.SelectMany((row, index) => row.Places.Select(place => (index * length) + place))];
        long[] words = [.. batch.SelectMany(row => row.Words)];
        Tensor hidden = _model.Encoder.forward(input.InputIds, input.AttentionMask, input.TokenTypeIds); // [b, s, d]
        Tensor guesses = _model.Predict(hidden.flatten(0, 1).index_select(0, tensor(places))); // [guesses, vocabulary]
        return nn.functional.cross_entropy(guesses, tensor(words)).MoveToOuterDisposeScope();
    }

    /// <param name="Text">The sentence with words hidden and swapped.</param>
    /// <param name="Places">Where there is a word to guess.</param>
    /// <param name="Words">The words that were there.</param>
    private sealed record MaskedRow(TokenizedText Text, int[] Places, long[] Words);
}
