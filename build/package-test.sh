#!/usr/bin/env bash
# Packs Lorta and Lorta.Cpu into a folder, and lets a new console project outside the repository, with nothing but
# package references, annotate a class, build without warnings, train, save and load.
set -euo pipefail
repository=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
version=0.1.0-test.$(date +%s)
packages=$(dotnet nuget locals global-packages --list | sed 's/^[^:]*: *//')
trap 'rm -rf "$work" "$packages/lorta/$version" "$packages/lorta.cpu/$version"' EXIT

for project in Lorta Lorta.Cpu; do
  dotnet pack "$repository/runtime/$project" -c Release -o "$work/packages" -p:Version="$version" --nologo -v quiet
done

mkdir "$work/Consumer"
cd "$work/Consumer"
cat > nuget.config <<XML
<configuration>
  <packageSources>
    <add key="packed" value="$work/packages" />
  </packageSources>
</configuration>
XML

cat > Consumer.csproj <<XML
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net10.0</TargetFramework>
    <Nullable>enable</Nullable>
    <ImplicitUsings>enable</ImplicitUsings>
    <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
    <AnalysisLevel>latest-all</AnalysisLevel>
    <!-- A module disposes of the modules that are registered in it. -->
    <NoWarn>\$(NoWarn);CA2213</NoWarn>
    <GenerateDocumentationFile>true</GenerateDocumentationFile>
    <IsAotCompatible>true</IsAotCompatible>
    <NuGetAudit>false</NuGetAudit>
  </PropertyGroup>
  <ItemGroup>
    <PackageReference Include="Lorta" Version="$version" />
    <PackageReference Include="Lorta.Cpu" Version="$version" />
  </ItemGroup>
</Project>
XML

cp "$repository/build/PackageConsumer.cs" Program.cs
dotnet build -c Release --nologo -v quiet
dotnet bin/Release/net10.0/Consumer.dll

# Without a backend the build warns, and names what is missing.
sed -i '/Lorta.Cpu/d' Consumer.csproj
dotnet build -c Release --nologo -v quiet > "$work/log" || true
if ! grep -q LORTA101 "$work/log"; then
  cat "$work/log" >&2
  echo "A project without a backend builds in silence." >&2
  exit 1
fi

echo "The packages work."
