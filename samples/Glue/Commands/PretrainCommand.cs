using System.CommandLine;
using Glue.Fitting;
using Glue.Output;

namespace Glue.Commands;

/// <summary><c>pretrain</c>: makes the embedded encoder anew.</summary>
internal static class PretrainCommand
{
    public static Command Create()
    {
        Option<string> output = new("--out") { Description = "The folder to write.", Required = true, HelpName = "DIR" };
        Option<int?> sentences = CheckedOption.WholeNumber("--sentences", $"Sentences to read [default: {EmbeddedEncoder.Sentences:N0}].", 1);
        Option<int?> seed = CommonOptions.Seed();
        Option<bool> quiet = CommonOptions.Quiet();
        var command = new Command("pretrain", "Make the embedded encoder anew: masked language modelling on generated sentences.") { output, sentences, seed, quiet };
        command.SetAction((result, cancellation) => Task.Run(() =>
        {
            string folder = result.GetRequiredValue(output);
            TrainingDisplay.Show(result.GetValue(quiet) ? null : "pretrain", progress =>
            {
                EmbeddedEncoder.Pretrain(
                    folder, result.GetValue(sentences) ?? EmbeddedEncoder.Sentences, result.GetValue(seed) ?? CommonOptions.DefaultSeed, progress, cancellation);
                return true;
            });
            Console.WriteLine($"Written to {folder}");
        }, CancellationToken.None));
        return command;
    }
}
