namespace Lorta.Generators;

/// <summary>The names of the pipeline's steps, by which tests ask what was run again.</summary>
internal static class StepNames
{
    public const string Parse = nameof(Parse);
    public const string Diagnostics = nameof(Diagnostics);
    public const string Models = nameof(Models);
    public const string Kernels = nameof(Kernels);
    public const string Holders = nameof(Holders);
    public const string Calls = nameof(Calls);
    public const string InterceptorsAllowed = nameof(InterceptorsAllowed);
    public const string HiddenUses = nameof(HiddenUses);
    public const string RoutingDiagnostics = nameof(RoutingDiagnostics);
    public const string Interceptors = nameof(Interceptors);
}
