using Prometheus;

namespace Serving;

/// <summary>The HTTP service: <c>--models FOLDER</c> names a folder of models that <c>mlContext.Model.Save</c> wrote.</summary>
internal static class ServingApp
{
    /// <summary>Loads every model and lays out the routes.</summary>
    /// <exception cref="ServingException">There is no model to serve.</exception>
    public static WebApplication Create(string[] args)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
        string folder = builder.Configuration["models"] ?? "models";
        builder.Services.AddSingleton(_ => ModelStore.Load(folder));
        builder.Services.AddHealthChecks();
        WebApplication app = builder.Build();

        // Before the first request: /health answers only when every model is there.
        ModelStore models = app.Services.GetRequiredService<ModelStore>();
        app.MapHealthChecks("/health");
        app.MapMetrics("/metrics");
        app.MapGet("/models", () => models.Names);
        app.MapPost("/models/{name}/predict", async (string name, TextRequest request, CancellationToken cancellation) =>
        {
            if (models.Find(name) is not { } model)
            {
                return Results.Problem($"There is no model '{name}': GET /models lists them.", statusCode: StatusCodes.Status404NotFound);
            }

            return request.Text is null
                ? Results.Problem("The request has no \"text\".", statusCode: StatusCodes.Status400BadRequest)
                : Results.Ok(await model.PredictAsync(request, cancellation));
        });
        return app;
    }
}
