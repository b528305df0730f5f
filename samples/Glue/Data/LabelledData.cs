using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Glue.Corpus;
using Glue.Tasks;
using Lorta.Tasks;

namespace Glue.Data;

/// <summary>A task with the rows to train and to score on.</summary>
/// <param name="Task">What is asked.</param>
/// <param name="Columns">The columns, where the rows come from a table of the user's own.</param>
/// <param name="Train">Rows to train on.</param>
/// <param name="Dev">Rows to score on.</param>
internal sealed record LabelledData(TextTask Task, OwnTable? Columns, IReadOnlyList<TextExample> Train, IReadOnlyList<EvaluationSet> Dev)
{
    /// <summary>The task that the sample carries with it.</summary>
    public static LabelledData Embedded(int seed) =>
        new(AgreementCorpus.Task, null, AgreementCorpus.Train(seed), AgreementCorpus.Dev(seed));

    /// <summary>A task of GLUE from the folder of its official files.</summary>
    /// <exception cref="InputException">The files can't be read.</exception>
    public static LabelledData OfGlue(GlueTask task, string folder) =>
        new(task.Task, null, task.ReadTrain(folder), task.ReadDev(folder));

    /// <summary>
    /// A table of the user's own. Without a table to score on, a tenth of the rows, at least one, is held out for that.
    /// </summary>
    /// <exception cref="InputException">A table can't be read, or has too few rows.</exception>
    public static LabelledData OfTable(OwnTable table, TextTask task, string train, string? dev, int seed)
    {
        IReadOnlyList<TextExample> rows = table.Read(train, task);
        if (dev is not null)
        {
            return new(task, table, rows, [new("dev", table.Read(dev, task))]);
        }

        if (rows.Count < 2)
        {
            throw new InputException($"{train}: one row can't both be trained and scored on; give more, or a table to --dev.");
        }

        TextExample[] shuffled = rows.Shuffled(seed);
        int held = Math.Max(1, shuffled.Length / 10);
        return new(task, table, shuffled[held..], [new("dev", shuffled[..held])]);
    }

    /// <summary>A hash of all texts and labels, by which other rows under the same name are noticed: the start of a SHA-256, in hexadecimal.</summary>
    public string Hash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (TextExample row in Train.Concat(Dev.SelectMany(set => set.Examples)))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{row.Input.Text}\n{row.Input.Pair}\n{row.Label}\n")));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }

    /// <summary>The same with the first <paramref name="limit"/> training rows after a shuffle that the seed fixes.</summary>
    public LabelledData Limit(int limit, int seed) => this with { Train = Train.Shuffled(seed).Take(limit).ToArray() };
}
