namespace Lorta;
