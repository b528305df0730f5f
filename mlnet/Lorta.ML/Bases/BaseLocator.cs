using Lorta.Checkpoints;
using Lorta.ML.Saving;
using Microsoft.ML.Runtime;

namespace Lorta.ML.Bases;

/// <summary>Finds the base of a saved model again: where the options had it, in a folder that the environment names, or from the hub.</summary>
internal static class BaseLocator
{
    /// <summary>The variable with folders that hold base models, separated as in PATH.</summary>
    public const string FoldersVariable = "LORTA_BASE_MODELS";

    /// <summary>The folder of the very base that a model was trained on.</summary>
    /// <exception cref="IOException">It is missing.</exception>
    /// <exception cref="FormatException">What is there is another model.</exception>
    public static string Find(IExceptionContext context, BaseReference reference)
    {
        string[] roots = (Environment.GetEnvironmentVariable(FoldersVariable) ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        IEnumerable<string> candidates = [reference.Id, .. roots.Select(root => Path.Combine(root, NameOf(reference))), reference.Folder];
        string folder = candidates.FirstOrDefault(Directory.Exists) ?? Fetch(context, reference);
        Verify(context, reference, folder);
        return folder;
    }

    /// <summary>Checks that a folder holds the very base that a model was trained on.</summary>
    /// <exception cref="FormatException">It holds another model.</exception>
    public static void Verify(IExceptionContext context, BaseReference reference, string folder)
    {
        IReadOnlyDictionary<string, string> found = BaseFiles.Hash(folder);
        foreach ((string file, string expected) in reference.Sha256)
        {
            if (!found.TryGetValue(file, out string? actual))
            {
                throw context.ExceptDecode(
                    $"The base model in '{folder}' lacks the file {file} that the model was fine-tuned from: put the same base there.");
            }

            if (actual != expected)
            {
                throw context.ExceptDecode(
                    $"The base model in '{folder}' is not the one that the model was fine-tuned from: the SHA-256 of {file} is {actual}, " +
                    $"and was {expected}. Put the same base there, or fine-tune again.");
            }
        }
    }

    private static string NameOf(BaseReference reference) => Path.GetFileName(Path.TrimEndingDirectorySeparator(reference.Id));

    private static string Fetch(IExceptionContext context, BaseReference reference)
    {
        string reason = "";
        if (reference.IsHubId)
        {
            try
            {
                return ModelSource.Resolve(reference.Id);
            }
            catch (CheckpointException error)
            {
                reason = $" ({error.Message.TrimEnd('.')})";
            }
        }

        throw context.ExceptIO(
            $"The model was fine-tuned from '{reference.Id}', which is not there{reason}: put it back, or name the folder that holds " +
            $"'{NameOf(reference)}' in the environment variable {FoldersVariable}, or train with EmbedBaseModel.");
    }
}
