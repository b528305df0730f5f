using System.CommandLine;
using Glue.Data;
using Glue.Fitting;
using Glue.Tasks;
using Lorta.Tasks;

namespace Glue.Commands;

/// <summary><c>predict</c>: says for each text what a trained model makes of it, one line each: label, probability, text.</summary>
internal static class PredictCommand
{
    private const string StandardInput = "standard input";
    private const int Batch = 32;

    public static Command Create()
    {
        Option<string> trained = CommonOptions.Trained();
        Option<string?> model = CommonOptions.MovedModel();
        Argument<string[]> texts = new("TEXT") { Description = "Texts to classify; without any, and without --file, lines of standard input.", Arity = ArgumentArity.ZeroOrMore };
        Option<string?> file = new("--file") { Description = "A UTF-8 file with a text on each line.", HelpName = "FILE" };
        var command = new Command("predict", "Classify texts, from the command line, a file or standard input. A pair is two texts with a tab between them.")
        {
            texts, trained, model, file,
        };
        command.SetAction((result, cancellation) => Task.Run(() =>
        {
            string folder = result.GetRequiredValue(trained);
            TrainedTask task = CommonOptions.ReadTask(folder, result.GetValue(model));
            using TextClassifier classifier = TrainedFolder.Load(folder, task);
            (IEnumerable<string> lines, string name) = Source(result.GetRequiredValue(texts), result.GetValue(file));
            // Someone who types wants each answer at once.
            int batch = name == StandardInput && !Console.IsInputRedirected ? 1 : Batch;
            foreach ((int Number, string Line)[] chunk in lines.Select((line, index) => (index + 1, line)).Chunk(batch))
            {
                TextInput[] rows = [.. chunk.Select(entry => Row(entry.Line, task.Task, $"{name}, line {entry.Number}"))];
                IReadOnlyList<float[]> logits = classifier.Predict([.. rows.Select(classifier.Encode)], cancellation: cancellation);
                foreach ((float[] ofRow, (_, string line)) in logits.Zip(chunk))
                {
                    Console.WriteLine($"{Answer(ofRow, classifier.Labels)}\t{line}");
                }
            }
        }, CancellationToken.None));
        return command;
    }

    private static (IEnumerable<string> Lines, string Name) Source(string[] texts, string? file)
    {
        if (texts.Length > 0)
        {
            return file is null ? (texts, "the arguments") : throw new InputException("Give texts or --file, not both.");
        }

        return file is null
            ? (Utf8Text.Lines(Console.OpenStandardInput(), StandardInput), StandardInput)
            : (Utf8Text.Lines(new MemoryStream(Utf8Text.ReadFile(file)), file), file);
    }

    private static TextInput Row(string line, TextTask task, string place)
    {
        if (!task.IsPair)
        {
            return new TextInput(line);
        }

        int tab = line.IndexOf('\t');
        return tab >= 0
            ? new TextInput(line[..tab], line[(tab + 1)..])
            : throw new InputException($"{place}: {task.Name} is about pairs, so a tab has to stand between two texts.");
    }

    private static string Answer(float[] logits, TaskLabels labels)
    {
        if (labels.IsRegression)
        {
            return $"{logits[0]:F3}";
        }

        int label = TextScores.ClassOf(logits);
        double probability = 1 / logits.Sum(logit => Math.Exp(logit - logits[label]));
        return $"{labels.Names[label]}\t{probability:F3}";
    }
}
