using Serving;

await using WebApplication app = ServingApp.Create(args);
await app.RunAsync();
