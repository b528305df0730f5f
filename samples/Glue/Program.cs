using System.Globalization;
using Glue;

// Numbers on the command line and in the output are written alike everywhere.
CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
return await GlueCommandLine.Run(args, Console.Error);
