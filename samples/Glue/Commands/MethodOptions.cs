using System.CommandLine;
using Glue.Data;
using Glue.Fitting;
using Lorta.Adapters;

namespace Glue.Commands;

/// <summary>The options that say what is trained beside the head: a method's name, the usual options by names of their own, and all by <c>--set</c>.</summary>
internal sealed class MethodOptions
{
    private readonly Option<string> _method = CheckedOption.Choice(
        "--method", "What is trained beside the head: a method of docs/methods.md", [.. AdapterMethods.Names.Select(name => (name, name))]);

    private readonly Option<string[]> _set = new("--set")
    {
        Description = "Any option of the method, as in --set bases=32 --set targets=query,value; its adapter_config.json has the names.",
        HelpName = "OPTION=VALUE",
    };

    private readonly (Option Option, string Name)[] _named =
    [
        (CheckedOption.WholeNumber("--rank", "Rank of the updates.", 1), "rank"),
        (CheckedOption.Number("--alpha", "An update is scaled by alpha / rank."), "alpha"),
        (new Option<bool>("--rank-stabilized") { Description = "Scale by alpha / sqrt(rank) instead." }, "rank_stabilized"),
        (CheckedOption.Number("--dropout", "Dropout on the adapter's input.", 0, 0.99), "dropout"),
        (List("--targets", "The matrices that get an update, of query,key,value,output or all."), "targets"),
        (List("--modes", "LoRTA's modes, of heads,layers,qkvp."), "modes"),
        (List("--orientation", "Which side of a weight LoRTA's heads index: paper or reference."), "orientation"),
        (List("--frozen", "LoRTA's factors that keep their random start, of a,b,head,layer,matrix."), "frozen"),
        (CheckedOption.WholeNumber("--bottleneck", "Width of an adapter network.", 1), "bottleneck"),
    ];

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { _method }.Concat(_named.Select(entry => entry.Option)).Append(_set))
        {
            command.Add(option);
        }
    }

    /// <summary>The settings with the method that the options name, and its rates; those of a preset or a run are kept for its method.</summary>
    /// <exception cref="InputException">An option is set twice, or has no value.</exception>
    /// <exception cref="ArgumentException">The method lacks an option, or a value is of another type.</exception>
    public FineTuneSettings Apply(ParseResult result, FineTuneSettings basis) => basis.With(
        result.GetResult(_method) is { Implicit: false } ? result.GetRequiredValue(_method) : basis.Method.Name, Given(result));

    private Dictionary<string, string> Given(ParseResult result)
    {
        var given = new Dictionary<string, string>();
        foreach ((Option option, string name) in _named)
        {
            if (result.GetResult(option) is { Implicit: false } found)
            {
                given[name] = found.Tokens is [{ Value: var value }] ? value : "true";
            }
        }

        foreach (string setting in result.GetValue(_set) ?? [])
        {
            int end = setting.IndexOf('=');
            if (end <= 0 || !given.TryAdd(setting[..end], setting[(end + 1)..]))
            {
                throw new InputException(end <= 0 ? $"--set {setting}: write OPTION=VALUE." : $"--set {setting}: {setting[..end]} is set twice.");
            }
        }

        return given;
    }

    private static Option<string?> List(string name, string description) => new(name) { Description = description, HelpName = "LIST" };
}
